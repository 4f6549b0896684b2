package blazetrack.core;

/** Where a thumbnail may be in another one: x y in cells. */
final class Shift {
    private static final int CENTROID = 2; // cells around the peak

    private Shift() {}

    /** By phase correlation, which finds large shifts (OpenCV's {@code phaseCorrelate}). */
    static int[] byPhase(Thumbnail before, Thumbnail now) {
        int width = now.width();
        int height = now.height();
        double[][] a = spectrum(before.grey(), null, width, height, -1);
        double[][] b = spectrum(now.grey(), null, width, height, -1);
        double[] real = new double[width * height];
        double[] imaginary = new double[width * height];
        for (int i = 0; i < real.length; i++) {
            double re = a[0][i] * b[0][i] + a[1][i] * b[1][i];
            double im = a[1][i] * b[0][i] - a[0][i] * b[1][i];
            double size = Math.hypot(re, im) + 1e-12;
            real[i] = re / size;
            imaginary[i] = im / size;
        }
        double[] response = centred(spectrum(real, imaginary, width, height, 1)[0], width, height);
        int peak = 0;
        for (int i = 1; i < response.length; i++) {
            peak = response[i] > response[peak] ? i : peak;
        }
        double sum = 0;
        double x = 0;
        double y = 0;
        for (int r = Math.max(0, peak / width - CENTROID);
                r <= Math.min(height - 1, peak / width + CENTROID); r++) {
            for (int c = Math.max(0, peak % width - CENTROID);
                    c <= Math.min(width - 1, peak % width + CENTROID); c++) {
                double value = response[r * width + c];
                sum += value;
                x += value * c;
                y += value * r;
            }
        }
        return new int[] {
            (int) Math.rint(width / 2.0 - x / sum), (int) Math.rint(height / 2.0 - y / sum)
        };
    }

    /** By the place of the middle of the first one, which is surer (normalised correlation). */
    static int[] byMiddle(Thumbnail before, Thumbnail now) {
        int width = now.width();
        int height = now.height();
        int left = width / 4;
        int top = height / 4;
        int partWidth = width - 2 * left;
        int partHeight = height - 2 * top;
        double[] part = centred(before.grey(), width, left, top, partWidth, partHeight);
        double[] grey = now.grey();
        int bestX = 0;
        int bestY = 0;
        double best = Double.NEGATIVE_INFINITY;
        for (int y = 0; y <= height - partHeight; y++) {
            for (int x = 0; x <= width - partWidth; x++) {
                double value = cosine(part, centred(grey, width, x, y, partWidth, partHeight));
                if (value > best) {
                    best = value;
                    bestX = x;
                    bestY = y;
                }
            }
        }
        return new int[] {bestX - left, bestY - top};
    }

    /** A part of a picture, without its mean. */
    private static double[] centred(
            double[] grey, int width, int left, int top, int partWidth, int partHeight) {
        double[] part = new double[partWidth * partHeight];
        double mean = 0;
        for (int i = 0; i < part.length; i++) {
            part[i] = grey[(top + i / partWidth) * width + left + i % partWidth];
            mean += part[i] / part.length;
        }
        for (int i = 0; i < part.length; i++) {
            part[i] -= mean;
        }
        return part;
    }

    private static double cosine(double[] a, double[] b) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += a[i] * b[i];
            aa += a[i] * a[i];
            bb += b[i] * b[i];
        }
        return ab / Math.max(Math.sqrt(aa * bb), 1e-9);
    }

    /** Discrete Fourier transform, rows then columns; not scaled. */
    private static double[][] spectrum(
            double[] real, double[] imaginary, int width, int height, int sign) {
        double[] re = real.clone();
        double[] im = imaginary == null ? new double[re.length] : imaginary.clone();
        for (int row = 0; row < height; row++) {
            transform(re, im, row * width, 1, width, sign);
        }
        for (int column = 0; column < width; column++) {
            transform(re, im, column, width, height, sign);
        }
        return new double[][] {re, im};
    }

    private static void transform(
            double[] re, double[] im, int from, int step, int count, int sign) {
        double[] outRe = new double[count];
        double[] outIm = new double[count];
        for (int k = 0; k < count; k++) {
            for (int n = 0; n < count; n++) {
                double angle = sign * 2 * Math.PI * (k * n % count) / count;
                double cos = Math.cos(angle);
                double sin = Math.sin(angle);
                outRe[k] += re[from + n * step] * cos - im[from + n * step] * sin;
                outIm[k] += re[from + n * step] * sin + im[from + n * step] * cos;
            }
        }
        for (int k = 0; k < count; k++) {
            re[from + k * step] = outRe[k];
            im[from + k * step] = outIm[k];
        }
    }

    /** The picture with its first cell moved to the middle. */
    private static double[] centred(double[] picture, int width, int height) {
        double[] moved = new double[picture.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int to = (y + height / 2) % height * width + (x + width / 2) % width;
                moved[to] = picture[y * width + x];
            }
        }
        return moved;
    }
}
