package blazetrack.core;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.Test;

/**
 * The pipeline on recorded outputs of the networks: each stream equals the recorded one.
 *
 * <p>The property {@code vectors} names the files of {@code blazetrack export vectors}.
 */
public final class PipelineTest {
    private static final double TOLERANCE = 1e-3; // px, and units of all other numbers

    private final Map<String, Object> given = new HashMap<>();
    private double worst;

    private static List<String> files() {
        String names = System.getProperty("vectors");
        assertNotNull("expected -Dvectors=FILE of blazetrack export vectors", names);
        return List.of(names.split(java.io.File.pathSeparator));
    }

    @Test
    public void stepOnRecordedOutputsGivesTheRecordedStreams() throws Exception {
        for (String file : files()) {
            replay(Vectors.read(Path.of(file)));
        }
    }

    private void replay(Vectors vectors) {
        Settings settings = new Settings(vectors.texts);
        RecordedNetwork detector =
                new RecordedNetwork(ModelCard.of(settings, "detector"), "detections");
        RecordedNetwork landmarks = new RecordedNetwork(ModelCard.of(settings, "landmarks"),
                "tracked_landmarks", "new_landmarks");
        Pipeline pipeline = new Pipeline(settings, detector, landmarks,
                (node, nanos, value) -> given.put(node, value));
        TreeSet<Integer> ids = new TreeSet<>();
        worst = 0;
        for (int index = 0; index < vectors.frames.size(); index++) {
            Map<String, Vectors.Array> arrays = vectors.frames.get(index);
            given.clear();
            detector.begin(arrays);
            landmarks.begin(arrays);
            Pose pose = pipeline.step(frame(arrays));
            if (pose != null) {
                ids.add(pose.id());
            }
            assertEquals("frame " + index + ": runs left over", 0,
                    detector.left() + landmarks.left());
            assertEquals("frame " + index + ": detector runs",
                    (int) arrays.get("detector_runs").values()[0], pipeline.detectorRuns());
            compare(vectors, arrays, "frame " + index + ": ");
        }
        System.out.printf("%s: %d frames, %d detector runs, ids %s, max difference %.1e%n",
                settings.text("model.landmarks.name"), vectors.frames.size(),
                pipeline.detectorRuns(), ids, worst);
    }

    private static Frame frame(Map<String, Vectors.Array> arrays) {
        double[] size = arrays.get("frame.size_wh").values();
        Image black = new Image((int) size[0], (int) size[1], new int[(int) (size[0] * size[1])]);
        Vectors.Array recorded = arrays.get("frame.thumbnail");
        float[] values = new float[recorded.values().length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) recorded.values()[i];
        }
        int[] shape = recorded.shape();
        return new Frame(black, arrays.get("frame.time_s").values()[0],
                new Thumbnail(shape[1], shape[0], values));
    }

    private void compare(Vectors vectors, Map<String, Vectors.Array> arrays, String where) {
        for (Map.Entry<String, Object> one : given.entrySet()) {
            String stream = vectors.texts.get("node." + one.getKey()).split(" ")[1];
            if (one.getValue() instanceof List<?> rows && rows.isEmpty()) {
                for (String name : arrays.keySet()) {
                    assertTrue(where + name + ": expected rows", !name.startsWith(stream + ".")
                            || name.contains(".outputs.") || name.endsWith(".letterboxed")
                            || name.endsWith(".calibrated")
                            || arrays.get(name).values().length == 0);
                }
            }
            for (Map.Entry<String, double[]> field
                    : Streams.arrays(stream, one.getValue()).entrySet()) {
                compare(where + field.getKey(), arrays.get(field.getKey()), field.getValue());
            }
        }
    }

    private void compare(String where, Vectors.Array want, double[] got) {
        assertNotNull(where + ": not recorded", want);
        assertEquals(where + ": number of values", want.values().length, got.length);
        for (int i = 0; i < got.length; i++) {
            double apart = Math.abs(want.values()[i] - got[i]);
            assertTrue(where + "[" + i + "]: expected " + want.values()[i] + ", got " + got[i],
                    apart <= TOLERANCE);
            worst = Math.max(worst, apart);
        }
    }

    @Test
    public void sampleOfTurnedRegionsGivesTheRecordedCrops() throws Exception {
        Vectors vectors = Vectors.read(Path.of(files().get(0)));
        Image picture = image(vectors.arrays.get("sample.image"), 0);
        double[] matrices = vectors.arrays.get("sample.to_image").values();
        for (String border : new String[] {"zero", "replicate"}) {
            Vectors.Array crops = vectors.arrays.get("sample." + border);
            for (int i = 0; i < crops.shape()[0]; i++) {
                Image want = image(crops, i);
                double[] matrix = java.util.Arrays.copyOfRange(matrices, 6 * i, 6 * i + 6);
                Image got = picture.sample(
                        matrix, want.height(), want.width(), border.equals("zero"));
                for (int at = 0; at < want.pixels().length; at++) {
                    for (int shift = 0; shift <= 16; shift += 8) {
                        assertEquals(border + " " + i + " pixel " + at,
                                want.pixels()[at] >> shift & 255, got.pixels()[at] >> shift & 255,
                                1);
                    }
                }
            }
        }
    }

    /** The last three axes of an array as a picture. */
    private static Image image(Vectors.Array array, int row) {
        int[] shape = array.shape();
        int width = shape[shape.length - 2];
        int height = shape[shape.length - 3];
        int[] pixels = new int[width * height];
        for (int i = 0; i < pixels.length; i++) {
            int at = 3 * (row * pixels.length + i);
            pixels[i] = (int) array.values()[at] << 16 | (int) array.values()[at + 1] << 8
                    | (int) array.values()[at + 2];
        }
        return new Image(width, height, pixels);
    }
}
