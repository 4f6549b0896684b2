package blazetrack.core;

/**
 * A small copy of an image, and how much two of them differ: blazetrack/tracking/timeline.py.
 *
 * @param width in cells
 * @param height in cells
 * @param values red, green and blue of each cell, row by row
 */
public record Thumbnail(int width, int height, float[] values) {
    private static final int WIDTH = 48;
    private static final int HEIGHT = 27;
    private static final double MIN_CHANGE = 12; // of a cell that has changed, 0..255
    private static final double MAX_GAIN = 2; // change of the exposure that is undone

    /** The thumbnail of an image: means of four pixels each, which are interpolated. */
    public static Thumbnail of(Image image) {
        double[] toImage = {
            image.width() / (2.0 * WIDTH), 0, 0.5 * image.width() / (2.0 * WIDTH) - 0.5,
            0, image.height() / (2.0 * HEIGHT), 0.5 * image.height() / (2.0 * HEIGHT) - 0.5,
        };
        int[] few = image.sample(toImage, 2 * HEIGHT, 2 * WIDTH, false).pixels();
        float[] values = new float[WIDTH * HEIGHT * 3];
        for (int i = 0; i < values.length; i++) {
            int at = i / 3 / WIDTH * 4 * WIDTH + i / 3 % WIDTH * 2;
            int shift = 16 - 8 * (i % 3);
            int sum = (few[at] >> shift & 255) + (few[at + 1] >> shift & 255)
                    + (few[at + 2 * WIDTH] >> shift & 255)
                    + (few[at + 2 * WIDTH + 1] >> shift & 255);
            values[i] = (sum + 2) / 4;
        }
        return new Thumbnail(WIDTH, HEIGHT, values);
    }

    /** Mean square of the differences from the mean colour. */
    double power() {
        return dot(centered(), centered()) / values.length;
    }

    /** Correlation with another thumbnail of the same size. */
    double correlation(Thumbnail other) {
        double common = dot(centered(), other.centered()) / values.length;
        return common / Math.max(Math.sqrt(power() * other.power()), 1e-6);
    }

    /** Share of cells that have changed, apart from another exposure. */
    double changed(Thumbnail other) {
        float[] a = centered();
        float[] b = other.centered();
        double gain = Math.sqrt(power() / Math.max(other.power(), 1e-6));
        gain = Numbers.clamp(gain, 1 / MAX_GAIN, MAX_GAIN);
        int count = 0;
        for (int i = 0; i < a.length; i += 3) {
            boolean changed = false;
            for (int colour = i; colour < i + 3; colour++) {
                changed |= Math.abs(a[colour] - gain * b[colour]) > MIN_CHANGE;
            }
            count += changed ? 1 : 0;
        }
        return count / (a.length / 3.0);
    }

    /** What remains of a thumbnail that is moved by so many cells. */
    Thumbnail part(int dx, int dy) {
        int left = Math.max(0, dx);
        int top = Math.max(0, dy);
        int restWidth = width - Math.abs(dx);
        int restHeight = height - Math.abs(dy);
        float[] rest = new float[restWidth * restHeight * 3];
        for (int y = 0; y < restHeight; y++) {
            int from = ((top + y) * width + left) * 3;
            System.arraycopy(values, from, rest, y * restWidth * 3, restWidth * 3);
        }
        return new Thumbnail(restWidth, restHeight, rest);
    }

    /** Mean of the colours of each cell. */
    double[] grey() {
        double[] grey = new double[width * height];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = (values[3 * i] + values[3 * i + 1] + values[3 * i + 2]) / 3;
        }
        return grey;
    }

    private float[] centered() {
        double[] sum = new double[3];
        for (int i = 0; i < values.length; i++) {
            sum[i % 3] += values[i];
        }
        float[] centered = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            centered[i] = values[i] - (float) (sum[i % 3] / (values.length / 3));
        }
        return centered;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
