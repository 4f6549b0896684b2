package blazetrack.core;

import static org.junit.Assert.assertEquals;

import java.nio.ByteBuffer;
import org.junit.Test;

public final class Camera420Test {
    private static final int WIDTH = 4;
    private static final int HEIGHT = 2;

    /** A black picture with one white pixel; padded rows of Y, and U and V in turn. */
    private static Camera420.Plane[] planes(int x, int y) {
        byte[] luma = new byte[6 * (HEIGHT - 1) + WIDTH];
        luma[6 * y + x] = (byte) 255;
        byte[] chroma = {(byte) 128, (byte) 128, (byte) 128, (byte) 128};
        return new Camera420.Plane[] {
            new Camera420.Plane(ByteBuffer.wrap(luma), 6, 1),
            new Camera420.Plane(ByteBuffer.wrap(chroma, 0, 3).slice(), 4, 2),
            new Camera420.Plane(ByteBuffer.wrap(chroma, 1, 3).slice(), 4, 2),
        };
    }

    @Test
    public void uprightTurnsThePixelClockwise() {
        int[][] places = {{0, 3, 0}, {90, 1, 3}, {180, 0, 1}, {270, 0, 0}}; // rotation, x, y
        for (int[] one : places) {
            Image image = Camera420.upright(planes(3, 0), WIDTH, HEIGHT, one[0]);
            assertEquals(one[0] % 180 == 0 ? WIDTH : HEIGHT, image.width());
            for (int i = 0; i < image.pixels().length; i++) {
                boolean white = i == one[2] * image.width() + one[1];
                assertEquals("rotation " + one[0] + ", pixel " + i,
                        white ? 0xffffffff : 0xff000000, image.pixels()[i]);
            }
        }
    }

    @Test
    public void uprightGivesColours() {
        Camera420.Plane[] planes = planes(0, 0);
        planes[0] = new Camera420.Plane(ByteBuffer.wrap(new byte[] {76, 76, 76, 76}), 2, 1);
        planes[1] = new Camera420.Plane(ByteBuffer.wrap(new byte[] {85}), 1, 1);
        planes[2] = new Camera420.Plane(ByteBuffer.wrap(new byte[] {(byte) 255}), 1, 1);
        int pixel = Camera420.upright(planes, 2, 2, 0).pixels()[0];
        assertEquals(254, pixel >> 16 & 255, 2);
        assertEquals(0, pixel >> 8 & 255, 2);
        assertEquals(0, pixel & 255, 2);
    }
}
