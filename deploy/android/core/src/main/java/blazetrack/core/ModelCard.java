package blazetrack.core;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the pipeline reads of a model.
 *
 * @param name name of the model
 * @param height height of the input in pixels
 * @param width width of the input in pixels
 * @param low value of black in the input
 * @param high value of white in the input
 * @param zeroBorder crops are black outside the image; else its last pixels are repeated
 * @param outputs meaning of an output to name of its tensor
 * @param strides of the anchors (detectors)
 * @param perMap anchors per cell and map (detectors)
 */
public record ModelCard(
        String name,
        int height,
        int width,
        float low,
        float high,
        boolean zeroBorder,
        Map<String, String> outputs,
        int[] strides,
        int perMap) {

    private static final String[] MEANINGS = {
        "boxes", "scores", "landmarks", "score", "world", "heatmap"
    };

    /** The model of a role, {@code detector} or {@code landmarks}. */
    public static ModelCard of(Settings settings, String role) {
        String prefix = "model." + role + ".";
        double[] size = settings.numbers(prefix + "input_hw");
        double[] range = settings.numbers(prefix + "input_range");
        double[] strides = settings.numbers(prefix + "anchors.strides");
        double[] perMap = settings.numbers(prefix + "anchors.per_map");
        int[] whole = new int[strides.length];
        for (int i = 0; i < whole.length; i++) {
            whole[i] = (int) strides[i];
        }
        Map<String, String> outputs = new LinkedHashMap<>();
        for (String meaning : MEANINGS) {
            String tensor = settings.text(prefix + "output." + meaning, "");
            if (!tensor.isEmpty()) {
                outputs.put(meaning, tensor);
            }
        }
        return new ModelCard(
                settings.text(prefix + "name"),
                (int) size[0],
                (int) size[1],
                (float) range[0],
                (float) range[1],
                settings.text(prefix + "border").equals("zero"),
                outputs,
                whole,
                perMap.length == 0 ? 0 : (int) perMap[0]);
    }
}
