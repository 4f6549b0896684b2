package blazetrack.core;

import java.util.ArrayList;
import java.util.List;

/**
 * A rotated region of the image.
 *
 * @param x of the centre, image pixels
 * @param y of the centre
 * @param width before rotation
 * @param height before rotation
 * @param angle radians, clockwise on the screen; 0 is an upright person
 * @param id of the person; 0 before one is assigned
 */
public record Roi(double x, double y, double width, double height, double angle, int id) {

    /** Side of the square around the region. */
    public double side() {
        return Math.max(width, height);
    }

    /** Whether it can be cropped: finite, and at least one pixel large. */
    boolean valid() {
        double side = side();
        return !Double.isNaN(x + y) && !Double.isInfinite(x + y) && side >= 1 && side < 1e6;
    }

    /** Affine from the pixels of a crop of the square around it to image pixels, 2 rows of 3. */
    double[] toImage(int cropHeight, int cropWidth) {
        double cos = Math.cos(angle);
        double sin = Math.sin(angle);
        double scaleX = side() / cropWidth;
        double scaleY = side() / cropHeight;
        double a = cos * scaleX;
        double b = -sin * scaleY;
        double c = sin * scaleX;
        double d = cos * scaleY;
        return new double[] {
            a, b, x - (a * cropWidth / 2 + b * cropHeight / 2),
            c, d, y - (c * cropWidth / 2 + d * cropHeight / 2),
        };
    }

    /**
     * Region around a person, turned so that the person stands upright in it.
     *
     * @param points x y of the mid-hip, and of a point on the circle above the head
     * @param margin side of the square per diameter of the circle
     */
    static Roi around(double[] points, double margin, int id) {
        double dx = points[2] - points[0];
        double dy = points[3] - points[1];
        double side = 2 * margin * Math.hypot(dx, dy);
        return new Roi(points[0], points[1], side, side, Math.atan2(dx, -dy), id);
    }

    /** Regions of the same people in the next frame. */
    static List<Roi> ofPoses(List<Pose> poses, double margin) {
        List<Roi> rois = new ArrayList<>();
        for (Pose pose : poses) {
            addValid(rois, around(pose.alignmentPx(), margin, pose.id()));
        }
        return rois;
    }

    /**
     * Regions of detections, without ids.
     *
     * @param points indices of the two keypoints that give the circle
     */
    static List<Roi> ofDetections(
            List<Detection> found, List<Crop> crops, double[] points, double margin) {
        List<Roi> rois = new ArrayList<>();
        for (Detection one : found) {
            Crop crop = crops.get(one.row());
            double[] circle = new double[4];
            for (int i = 0; i < 2; i++) {
                int from = 2 * (int) points[i];
                double x = one.keypoints()[from] * (double) crop.pixels().width();
                double y = one.keypoints()[from + 1] * (double) crop.pixels().height();
                circle[2 * i] = crop.imageX(x, y);
                circle[2 * i + 1] = crop.imageY(x, y);
            }
            addValid(rois, around(circle, margin, 0));
        }
        return rois;
    }

    /**
     * Regions of new people: those that are neither taken nor near each other, best first.
     *
     * @param minCandidates as many in any case, where there is room for a person
     * @param minDistance nearer centres, in parts of the smaller side, are one person
     */
    static List<Roi> free(
            List<Roi> found, List<Roi> taken, int maxPeople, int minCandidates, double minDistance) {
        int known = taken.size();
        int limit = known < maxPeople ? Math.max(maxPeople, known + minCandidates) : known;
        List<Roi> merged = new ArrayList<>(taken);
        for (Roi one : found) {
            if (merged.size() >= limit) {
                break;
            }
            boolean free = true;
            for (Roi other : merged) {
                double apart = Math.hypot(other.x - one.x, other.y - one.y);
                free &= !(apart < minDistance * Math.min(other.side(), one.side()));
            }
            if (free) {
                merged.add(one);
            }
        }
        return merged.subList(known, merged.size());
    }

    private static void addValid(List<Roi> rois, Roi roi) {
        if (roi.valid()) {
            rois.add(roi);
        }
    }
}
