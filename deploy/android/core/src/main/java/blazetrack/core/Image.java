package blazetrack.core;

/**
 * A picture.
 *
 * @param width in pixels
 * @param height in pixels
 * @param pixels row by row, 0xRRGGBB; the upper 8 bits are not read
 */
public record Image(int width, int height, int[] pixels) {
    // Image pixels per crop pixel, and tangent of the angle, from which positions are in steps of
    // 1/32 pixel, as in blazetrack/align/crop.py.
    private static final double MIN_REDUCTION = 1.25;
    private static final double MIN_TURN = 0.02;
    private static final int MAX_EXTENT_PX = 2040;
    private static final int MAX_SIDE_PX = (1 << 15) - MAX_EXTENT_PX - 2;
    private static final int STEPS = 32;
    // A float32 that is added and subtracted rounds to a whole number, half to even.
    private static final float TO_WHOLE = 3 << 22;

    /**
     * Resample one region bilinearly; a large and turned one in steps of 1/32 pixel.
     *
     * @param toImage affine from crop pixels to image pixels, 2 rows of 3
     * @param toHeight height of the crop
     * @param toWidth width of the crop
     * @param zeroBorder black outside the image; else its last pixels are repeated
     */
    public Image crop(double[] toImage, int toHeight, int toWidth, boolean zeroBorder) {
        return isReduced(toImage, toHeight, toWidth)
                ? sampleInSteps(toImage, toHeight, toWidth, zeroBorder)
                : sample(toImage, toHeight, toWidth, zeroBorder);
    }

    /** As {@link #crop}, with positions and weights in float32 in any case. */
    Image sample(double[] toImage, int toHeight, int toWidth, boolean zeroBorder) {
        float[] m = new float[6];
        for (int i = 0; i < 6; i++) {
            m[i] = (float) toImage[i];
        }
        int[] crop = new int[toHeight * toWidth];
        for (int row = 0, at = 0; row < toHeight; row++) {
            float startX = m[1] * row + m[2];
            float startY = m[4] * row + m[5];
            for (int column = 0; column < toWidth; column++, at++) {
                // Far outside every pixel is outside; without limits a position could overflow.
                float x = Math.max(-2f, Math.min(m[0] * column + startX, width + 1f));
                float y = Math.max(-2f, Math.min(m[3] * column + startY, height + 1f));
                int left = (int) Math.floor(x);
                int top = (int) Math.floor(y);
                crop[at] = pixel(left, top, x - left, y - top, zeroBorder);
            }
        }
        return new Image(toWidth, toHeight, crop);
    }

    private boolean isReduced(double[] m, int toHeight, int toWidth) {
        double reduction = Math.hypot(m[0], m[3]);
        double wide = toWidth * Math.abs(m[0]) + toHeight * Math.abs(m[1]);
        double high = toWidth * Math.abs(m[3]) + toHeight * Math.abs(m[4]);
        double far = Math.max(Math.abs(m[2]), Math.abs(m[5]));
        return reduction > MIN_REDUCTION
                && Math.min(Math.abs(m[0]), Math.abs(m[3])) > MIN_TURN * reduction
                && Math.max(wide, high) < MAX_EXTENT_PX
                && Math.max(far, Math.max(width, height)) < MAX_SIDE_PX;
    }

    private Image sampleInSteps(
            double[] m, int toHeight, int toWidth, boolean zeroBorder) {
        int[] crop = new int[toHeight * toWidth];
        int[] acrossX = new int[toWidth];
        int[] acrossY = new int[toWidth];
        for (int column = 0; column < toWidth; column++) {
            acrossX[column] = (int) Math.rint(column * m[0] * STEPS);
            acrossY[column] = (int) Math.rint(column * m[3] * STEPS);
        }
        for (int row = 0; row < toHeight; row++) {
            int downX = (int) Math.rint((row * m[1] + m[2]) * STEPS);
            int downY = (int) Math.rint((row * m[4] + m[5]) * STEPS);
            for (int column = 0; column < toWidth; column++) {
                int x = downX + acrossX[column];
                int y = downY + acrossY[column];
                crop[row * toWidth + column] = pixel(
                        Math.floorDiv(x, STEPS), Math.floorDiv(y, STEPS),
                        Math.floorMod(x, STEPS) / (float) STEPS,
                        Math.floorMod(y, STEPS) / (float) STEPS, zeroBorder);
            }
        }
        return new Image(toWidth, toHeight, crop);
    }

    /** The mean of four pixels; {@code right} and {@code down} are the weights of the later ones. */
    private int pixel(int left, int top, float right, float down, boolean zeroBorder) {
        int a;
        int b;
        int c;
        int d;
        if (left >= 0 && top >= 0 && left < width - 1 && top < height - 1) {
            int at = top * width + left;
            a = pixels[at];
            b = pixels[at + 1];
            c = pixels[at + width];
            d = pixels[at + width + 1];
        } else {
            a = corner(left, top, zeroBorder);
            b = corner(left + 1, top, zeroBorder);
            c = corner(left, top + 1, zeroBorder);
            d = corner(left + 1, top + 1, zeroBorder);
        }
        return mixed(a, b, c, d, 16, right, down) << 16
                | mixed(a, b, c, d, 8, right, down) << 8
                | mixed(a, b, c, d, 0, right, down);
    }

    private int corner(int x, int y, boolean zeroBorder) {
        if (x < 0 || y < 0 || x >= width || y >= height) {
            if (zeroBorder) {
                return 0;
            }
            x = Math.max(0, Math.min(x, width - 1));
            y = Math.max(0, Math.min(y, height - 1));
        }
        return pixels[y * width + x];
    }

    private static int mixed(int a, int b, int c, int d, int shift, float right, float down) {
        float above = a >> shift & 255;
        float below = c >> shift & 255;
        above += right * ((b >> shift & 255) - above);
        below += right * ((d >> shift & 255) - below);
        return (int) (above + down * (below - above) + TO_WHOLE - TO_WHOLE);
    }
}
