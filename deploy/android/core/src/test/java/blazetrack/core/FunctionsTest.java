package blazetrack.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.Assume;
import org.junit.Before;
import org.junit.Test;

/**
 * Functions beside those of Python, whose results are in the file that the property
 * {@code functions} names: one case in each frame.
 */
public final class FunctionsTest {
    private Vectors vectors;

    @Before
    public void readResultsOfPython() throws Exception {
        String file = System.getProperty("functions");
        Assume.assumeTrue("no -Dfunctions=FILE", file != null);
        vectors = Vectors.read(Path.of(file));
    }

    @Test
    public void circleOfPartlyKnownPeopleIsThatOfPython() {
        Circle circle = new Circle(new Skeleton(vectors.texts.get("keypoints")));
        int cases = 0;
        for (Map<String, Vectors.Array> frame : vectors.frames) {
            if (frame.containsKey("points")) {
                assertArrayEquals(frame.get("circle").values(),
                        circle.of(frame.get("points").values()), 1e-3);
                cases++;
            }
        }
        assertEquals(6, cases);
    }

    @Test
    public void edgesAreThoseOfPython() {
        int[][] edges = new Skeleton(vectors.texts.get("keypoints")).edges();
        String[] got = Arrays.stream(edges)
                .map(edge -> edge[0] + "-" + edge[1]).sorted().toArray(String[]::new);
        assertArrayEquals(vectors.texts.get("edges").split(" "), got);
    }

    @Test
    public void cropOfTurnedRegionsGivesThePixelsOfPython() {
        Image image = image(vectors.arrays.get("image"));
        int values = 0;
        int others = 0;
        for (Map<String, Vectors.Array> frame : vectors.frames) {
            Vectors.Array want = frame.get("crop");
            if (want == null) {
                continue;
            }
            int[] got = image.crop(frame.get("to_image").values(), want.shape()[0],
                    want.shape()[1], frame.get("zero").values()[0] == 1).pixels();
            values += want.values().length;
            for (int i = 0; i < want.values().length; i++) {
                int value = got[i / 3] >> 16 - 8 * (i % 3) & 255;
                assertEquals("value " + i, want.values()[i], value, 1);
                others += value != want.values()[i] ? 1 : 0;
            }
        }
        assertEquals("share of values that differ", 0, others / (double) values, 0.01);
    }

    @Test
    public void thumbnailsAndTheirDifferenceAreThoseOfPython() {
        Thumbnail first = null;
        for (Map<String, Vectors.Array> frame : vectors.frames) {
            if (frame.containsKey("thumbnail")) {
                Thumbnail got = Thumbnail.of(image(frame.get("picture")));
                double[] want = frame.get("thumbnail").values();
                for (int i = 0; i < want.length; i++) {
                    assertEquals(want[i], got.values()[i], 1);
                }
                first = first == null ? got : first;
                assertArrayEquals(frame.get("difference").values(),
                        Timeline.difference(first, got), 0.01);
            }
        }
    }

    @Test
    public void timesOfUnsteadyStampsAreThoseOfPython() {
        SteadyClock clock = new SteadyClock(1);
        double[] stamps = vectors.arrays.get("stamps").values();
        double[] got = Arrays.stream(stamps).map(clock::time).toArray();
        assertArrayEquals(vectors.arrays.get("times").values(), got, 1e-9);
    }

    private static Image image(Vectors.Array array) {
        int[] pixels = new int[array.values().length / 3];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (int) array.values()[3 * i] << 16
                    | (int) array.values()[3 * i + 1] << 8 | (int) array.values()[3 * i + 2];
        }
        return new Image(array.shape()[1], array.shape()[0], pixels);
    }
}
