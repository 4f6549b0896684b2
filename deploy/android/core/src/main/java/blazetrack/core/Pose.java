package blazetrack.core;

/**
 * A person in a frame.
 *
 * @param landmarksPx x y z of each keypoint, image pixels
 * @param worldM x y z of each keypoint, metres, origin mid-hip
 * @param visibility of each keypoint: probability to be in the image and not hidden
 * @param presence of each keypoint: probability to be in the image
 * @param score probability that the pose is right
 * @param id the same number for the same person in every frame, from 1
 * @param alignmentPx x y of the mid-hip, and of the point that gives size and angle
 */
public record Pose(
        double[] landmarksPx,
        double[] worldM,
        double[] visibility,
        double[] presence,
        double score,
        int id,
        double[] alignmentPx) {

    /** Radius of the circle around the person. */
    double radiusPx() {
        return Math.hypot(alignmentPx[2] - alignmentPx[0], alignmentPx[3] - alignmentPx[1]);
    }

    Pose withId(int other) {
        return new Pose(landmarksPx, worldM, visibility, presence, score, other, alignmentPx);
    }

    Pose withSeen(double[] otherVisibility, double[] otherPresence) {
        return new Pose(
                landmarksPx, worldM, otherVisibility, otherPresence, score, id, alignmentPx);
    }
}
