package blazetrack.core;

import java.util.ArrayList;
import java.util.List;

/** The node {@code project}: crop pixels to image pixels, with the region from both circles. */
final class Project {
    private static final double MIN_KEYPOINT_SCORE = 0.2;

    private final Circle circle;

    Project(Skeleton skeleton) {
        circle = new Circle(skeleton);
    }

    List<Pose> project(List<Landmarks> people, List<Crop> crops) {
        List<Pose> poses = new ArrayList<>();
        for (Landmarks one : people) {
            poses.add(project(one, crops.get(one.row())));
        }
        return poses;
    }

    private Pose project(Landmarks one, Crop crop) {
        double[] xyz = one.xyzCrop();
        double scale = Math.hypot(crop.toImage()[0], crop.toImage()[3]);
        double[] px = new double[xyz.length];
        double[] sure = new double[xyz.length / 3 * 2];
        for (int i = 0; i < xyz.length / 3; i++) {
            px[3 * i] = crop.imageX(xyz[3 * i], xyz[3 * i + 1]);
            px[3 * i + 1] = crop.imageY(xyz[3 * i], xyz[3 * i + 1]);
            px[3 * i + 2] = xyz[3 * i + 2] * scale;
            boolean known = one.visibility()[i] >= MIN_KEYPOINT_SCORE
                    && Math.abs(px[3 * i]) + Math.abs(px[3 * i + 1]) < Double.POSITIVE_INFINITY;
            sure[2 * i] = known ? px[3 * i] : Double.NaN;
            sure[2 * i + 1] = known ? px[3 * i + 1] : Double.NaN;
        }
        double[] from = one.alignmentCrop();
        double[] alignment = {
            crop.imageX(from[0], from[1]), crop.imageY(from[0], from[1]),
            crop.imageX(from[2], from[3]), crop.imageY(from[2], from[3]),
        };
        double[] ofKeypoints = circle.of(sure);
        for (int i = 0; ofKeypoints != null && i < 4; i++) {
            alignment[i] = 0.5 * alignment[i] + 0.5 * ofKeypoints[i];
        }
        return new Pose(px, turned(one.worldM(), crop.roi().angle()), one.visibility(),
                one.presence(), one.score(), crop.roi().id(), alignment);
    }

    /** World landmarks in the orientation of the camera. */
    private static double[] turned(double[] world, double angle) {
        double cos = Math.cos(angle);
        double sin = Math.sin(angle);
        double[] out = world.clone();
        for (int i = 0; i < world.length; i += 3) {
            out[i] = cos * world[i] - sin * world[i + 1];
            out[i + 1] = sin * world[i] + cos * world[i + 1];
        }
        return out;
    }
}
