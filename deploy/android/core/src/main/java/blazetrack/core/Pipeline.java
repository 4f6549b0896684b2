package blazetrack.core;

import java.util.List;
import java.util.function.Supplier;

/**
 * The graph {@code pose}: one person, who is tracked in a region that follows from the last frame;
 * the detector runs only while the person is lost.
 */
public final class Pipeline {
    private final Trace trace;
    private final Network detectorNetwork;
    private final Network landmarkNetwork;
    private final Timeline timeline;
    private final NextOrientation frameRoi;
    private final Ssd detect;
    private final Landmarker trackedLandmarks;
    private final Landmarker newLandmarks;
    private final PoseScore trackedScored;
    private final PoseScore newScored;
    private final Project project;
    private final SelectPoses bestPoses;
    private final Identify identify;
    private final Smooth smooth;
    private final CapVisibility capVisibility;
    private final double[] points;
    private final double detectionMargin;
    private final double poseMargin;
    private final int minCandidates;
    private final double minDistance;

    private List<Roi> nextRois; // null before the first frame of a scene, as lastPoses
    private List<Pose> lastPoses;
    private int detectorRuns;

    /**
     * A pipeline.
     *
     * @param trace receives what each node gave
     * @throws IllegalArgumentException if the settings are of another pipeline
     */
    public Pipeline(Settings settings, Network detector, Network landmarks, Trace trace) {
        Skeleton skeleton = new Skeleton(settings.text("keypoints"));
        this.trace = trace;
        detectorNetwork = detector;
        landmarkNetwork = landmarks;
        timeline = new Timeline(settings);
        frameRoi = new NextOrientation(settings);
        detect = new Ssd(detector, settings);
        trackedLandmarks = new Landmarker(landmarks, settings, "tracked_landmarks");
        newLandmarks = new Landmarker(landmarks, settings, "new_landmarks");
        trackedScored = new PoseScore(settings, skeleton, "tracked_scored");
        newScored = new PoseScore(settings, skeleton, "new_scored");
        project = new Project(skeleton);
        bestPoses = new SelectPoses(settings);
        identify = new Identify(settings);
        smooth = new Smooth(settings);
        capVisibility = new CapVisibility(settings);
        points = settings.numbers("option.detected_rois.points");
        detectionMargin = settings.number("option.detected_rois.margin");
        poseMargin = settings.number("option.next_rois.margin");
        minCandidates = (int) settings.number("option.new_rois.min_candidates");
        minDistance = settings.number("option.new_rois.min_distance");
    }

    /** Runs of the detector so far. */
    public int detectorRuns() {
        return detectorRuns;
    }

    /** The person in the next frame; null where there is none. */
    public Pose step(Frame frame) {
        Image image = frame.image();
        Frame timed = run("timeline", () -> timeline.next(frame));
        if (timeline.restarts()) {
            restart();
        }
        List<Pose> found = nextRois == null ? List.of() : tracked(image);
        if (found.isEmpty()) {
            found = searched(image);
        }
        List<Pose> poses = found;
        List<Pose> identified =
                run("identify", () -> identify.identify(timed.timeS(), poses));
        List<Pose> smoothed = run("smooth", () -> smooth.smooth(identified, timed.timeS()));
        nextRois = run("next_rois", () -> Roi.ofPoses(smoothed, poseMargin));
        lastPoses = run("cap_visibility", () -> capVisibility.cap(smoothed, image));
        return lastPoses.isEmpty() ? null : lastPoses.get(0);
    }

    /** The person in the region of the last frame. */
    private List<Pose> tracked(Image image) {
        ModelCard card = landmarkNetwork.card();
        List<Crop> crops = run("tracked_crops", () -> Crop.of(image, nextRois, card));
        List<Landmarks> raw = run("tracked_landmarks", () -> trackedLandmarks.find(crops));
        List<Landmarks> scored = run("tracked_scored", () -> trackedScored.score(raw, crops));
        return run("network_poses", () -> project.project(scored, crops));
    }

    /** The person that the detector finds in the image. */
    private List<Pose> searched(Image image) {
        List<Roi> whole = run("frame_roi", () -> frameRoi.next(image, lastPoses));
        List<Crop> frameCrop =
                run("frame_crop", () -> Crop.of(image, whole, detectorNetwork.card()));
        detectorRuns++;
        List<Detection> detections = run("detect", () -> detect.detect(frameCrop));
        List<Roi> detected = run("detected_rois",
                () -> Roi.ofDetections(detections, frameCrop, points, detectionMargin));
        List<Roi> rois = run("new_rois",
                () -> Roi.free(detected, List.of(), 1, minCandidates, minDistance));
        List<Crop> crops = run("new_crops", () -> Crop.of(image, rois, landmarkNetwork.card()));
        List<Landmarks> raw = run("new_landmarks", () -> newLandmarks.find(crops));
        List<Landmarks> scored = run("new_scored", () -> newScored.score(raw, crops));
        List<Pose> poses = run("new_poses", () -> project.project(scored, crops));
        return run("best_poses", () -> bestPoses.select(poses));
    }

    private void restart() {
        nextRois = null;
        lastPoses = null;
        frameRoi.restart();
        identify.restart();
        smooth.restart();
    }

    private <T> T run(String node, Supplier<T> work) {
        long start = System.nanoTime();
        T value = work.get();
        trace.ran(node, System.nanoTime() - start, value);
        return value;
    }
}
