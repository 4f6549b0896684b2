package blazetrack.core;

/** The smallest circle around points (Welzl 1991, without recursion). */
final class EnclosingCircle {
    private static final double SLACK = 1 + 1e-9;

    private EnclosingCircle() {}

    /**
     * The circle.
     *
     * @param points x y of each, NaN where not known
     * @return x, y, radius; null where no point is known
     */
    static double[] of(double[] points) {
        double[] circle = null;
        for (int i = 0; i < points.length / 2; i++) {
            if (outside(circle, points, i)) {
                circle = new double[] {points[2 * i], points[2 * i + 1], 0};
                for (int j = 0; j < i; j++) {
                    if (outside(circle, points, j)) {
                        circle = through(points, i, j);
                        for (int k = 0; k < j; k++) {
                            if (outside(circle, points, k)) {
                                circle = through(points, i, j, k);
                            }
                        }
                    }
                }
            }
        }
        return circle;
    }

    private static boolean outside(double[] circle, double[] points, int i) {
        if (Double.isNaN(points[2 * i])) {
            return false;
        }
        return circle == null
                || Math.hypot(points[2 * i] - circle[0], points[2 * i + 1] - circle[1])
                        > circle[2] * SLACK;
    }

    private static double[] through(double[] p, int i, int j) {
        double x = (p[2 * i] + p[2 * j]) / 2;
        double y = (p[2 * i + 1] + p[2 * j + 1]) / 2;
        return new double[] {x, y, Math.hypot(p[2 * i] - x, p[2 * i + 1] - y)};
    }

    private static double[] through(double[] p, int i, int j, int k) {
        double bx = p[2 * j] - p[2 * i];
        double by = p[2 * j + 1] - p[2 * i + 1];
        double cx = p[2 * k] - p[2 * i];
        double cy = p[2 * k + 1] - p[2 * i + 1];
        double d = 2 * (bx * cy - by * cx);
        if (d == 0) { // on one line: the last two are its ends
            return through(p, j, k);
        }
        double b = bx * bx + by * by;
        double c = cx * cx + cy * cy;
        double x = (cy * b - by * c) / d;
        double y = (bx * c - cx * b) / d;
        return new double[] {p[2 * i] + x, p[2 * i + 1] + y, Math.hypot(x, y)};
    }
}
