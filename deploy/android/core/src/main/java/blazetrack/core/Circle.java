package blazetrack.core;

/**
 * The circle around a person, from keypoints: blazetrack/align/roi.py, {@code circle_of_points}.
 */
final class Circle {
    private static final double REACH_FACE = 1.2;
    private static final double REACH_ANKLE = 1.1;
    private static final double REACH_WRIST = 1.05;
    private static final double MIN_TORSOS = 1.75;
    private static final double SHOULDERS_TO_HIPS = 1.5;
    private static final double FACE_TO_HIPS = 2.2;

    private final int[] face;
    private final int[] hips;
    private final int[] shoulders;
    private final double[] reach;

    Circle(Skeleton skeleton) {
        face = skeleton.face();
        hips = skeleton.both("hip");
        shoulders = skeleton.both("shoulder");
        reach = new double[skeleton.size()];
        java.util.Arrays.fill(reach, 1);
        set(face, REACH_FACE);
        set(skeleton.both("ankle"), REACH_ANKLE);
        set(skeleton.both("wrist"), REACH_WRIST);
    }

    private void set(int[] at, double value) {
        for (int i : at) {
            reach[i] = value;
        }
    }

    /**
     * Centre of the circle, and the point on it above the head.
     *
     * @param points x y of each keypoint, NaN where not known
     * @return x y, x y; null where too few points are known
     */
    double[] of(double[] points) {
        double[] hip = middle(points, hips);
        double[] shoulder = middle(points, shoulders);
        if (shoulder == null && hip != null) {
            shoulder = middle(points, face);
        } else if (hip == null && shoulder != null) {
            hip = hipsBelow(points);
        }
        if (hip == null || shoulder == null) {
            double[] smallest = EnclosingCircle.of(points);
            return smallest == null ? null : circle(smallest, 0, -1, smallest[2]);
        }
        double upX = shoulder[0] - hip[0];
        double upY = shoulder[1] - hip[1];
        double radius = MIN_TORSOS * Math.hypot(upX, upY);
        for (int i = 0; i < reach.length; i++) {
            double far = Math.hypot(points[2 * i] - hip[0], points[2 * i + 1] - hip[1]) * reach[i];
            radius = far > radius ? far : radius; // not where far is NaN
        }
        return circle(hip, upX, upY, radius);
    }

    private static double[] circle(double[] center, double upX, double upY, double radius) {
        double length = Math.hypot(upX, upY);
        if (radius < 0.5 || length == 0) {
            return null;
        }
        double part = radius / length;
        return new double[] {
            center[0], center[1], center[0] + upX * part, center[1] + upY * part
        };
    }

    /** Mean of the known ones of some points; null where there are none. */
    private static double[] middle(double[] points, int[] at) {
        double x = 0;
        double y = 0;
        int known = 0;
        for (int i : at) {
            if (!Double.isNaN(points[2 * i])) {
                x += points[2 * i];
                y += points[2 * i + 1];
                known++;
            }
        }
        return known == 0 ? null : new double[] {x / known, y / known};
    }

    /** Estimated mid-hip of a person who is seen from the chest up. */
    private double[] hipsBelow(double[] points) {
        double[] head = middle(points, face);
        int left = 2 * shoulders[0];
        int right = 2 * shoulders[1];
        if (head == null || Double.isNaN(points[left]) || Double.isNaN(points[right])) {
            return null;
        }
        double[] middle = middle(points, shoulders);
        double acrossX = points[left] - points[right];
        double acrossY = points[left + 1] - points[right + 1];
        double awayX = middle[0] - head[0];
        double awayY = middle[1] - head[1];
        double downX = -acrossY; // a quarter turn
        double downY = acrossX;
        if (downX * awayX + downY * awayY < 0) {
            downX = -downX;
            downY = -downY;
        }
        downX += 0.25 * awayX; // seen from the side, the line of the shoulders is short and noisy
        downY += 0.25 * awayY;
        double length = Math.hypot(downX, downY);
        if (length == 0) {
            return null;
        }
        double far = Math.max(SHOULDERS_TO_HIPS * Math.hypot(acrossX, acrossY),
                FACE_TO_HIPS * Math.hypot(awayX, awayY));
        return new double[] {middle[0] + downX * far / length, middle[1] + downY * far / length};
    }
}
