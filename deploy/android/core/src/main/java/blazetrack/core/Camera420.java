package blazetrack.core;

import java.nio.ByteBuffer;

/** Pictures of a camera, YUV 4:2:0 in three planes, to upright RGB. */
public final class Camera420 {
    /**
     * A plane of a picture.
     *
     * @param bytes from its first value on
     * @param rowStride bytes from one row to the next
     * @param pixelStride bytes from one value of a row to the next
     */
    public record Plane(ByteBuffer bytes, int rowStride, int pixelStride) {}

    private Camera420() {}

    /**
     * The upright picture (BT.601, full range, as Android's cameras give).
     *
     * @param planes Y, U and V
     * @param width of the picture as it comes
     * @param height of the picture as it comes
     * @param rotation degrees by which it is turned clockwise: 0, 90, 180 or 270
     */
    public static Image upright(Plane[] planes, int width, int height, int rotation) {
        boolean turned = rotation % 180 != 0;
        int[] out = new int[width * height];
        // Index of pixel (x, y) in the result: start + x · across + y · down.
        int outWidth = turned ? height : width;
        int across = switch (rotation) {
            case 90 -> outWidth;
            case 180 -> -1;
            case 270 -> -outWidth;
            default -> 1;
        };
        int down = switch (rotation) {
            case 90 -> -1;
            case 180 -> -outWidth;
            case 270 -> 1;
            default -> outWidth;
        };
        int start = Math.max(0, -across) * (width - 1) + Math.max(0, -down) * (height - 1);
        byte[][] rows = new byte[3][];
        for (int y = 0; y < height; y++) {
            for (int i = 0; i < 3; i++) {
                if (i == 0 || y % 2 == 0) {
                    rows[i] = row(planes[i], i == 0 ? y : y / 2, i == 0 ? width : (width + 1) / 2,
                            rows[i]);
                }
            }
            int to = start + y * down;
            for (int x = 0; x < width; x++, to += across) {
                out[to] = rgb(rows[0][x * planes[0].pixelStride()] & 255,
                        (rows[1][x / 2 * planes[1].pixelStride()] & 255) - 128,
                        (rows[2][x / 2 * planes[2].pixelStride()] & 255) - 128);
            }
        }
        return new Image(outWidth, turned ? width : height, out);
    }

    /** One row of a plane; the last one ends with its last value, without padding. */
    private static byte[] row(Plane plane, int y, int values, byte[] into) {
        int size = (values - 1) * plane.pixelStride() + 1;
        byte[] row = into != null && into.length == size ? into : new byte[size];
        ByteBuffer bytes = plane.bytes().duplicate();
        bytes.position(y * plane.rowStride());
        bytes.get(row);
        return row;
    }

    private static int rgb(int y, int u, int v) {
        int red = y + (1436 * v >> 10); // 1.402
        int green = y - (352 * u + 731 * v >> 10); // 0.344, 0.714
        int blue = y + (1815 * u >> 10); // 1.772
        return 0xff000000 | limited(red) << 16 | limited(green) << 8 | limited(blue);
    }

    private static int limited(int value) {
        return Math.max(0, Math.min(value, 255));
    }
}
