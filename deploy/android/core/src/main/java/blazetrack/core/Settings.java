package blazetrack.core;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Models, wires and options of the pipeline, by name: the lines {@code text NAME WORDS} of test
 * vectors, see docs/test_vectors.md.
 */
public final class Settings {
    private static final String TEXT = "text ";

    // What this implementation does, of the options that have other values too.
    private static final String[][] FIXED = {
        {"graph", "pose"},
        {"model.detector.head", "ssd"},
        {"model.landmarks.head", "blazepose"},
        {"option.flow.network_every", "1"},
        {"option.identify.use_appearance", "false"},
        {"option.network_poses.region_from", "both"},
        {"option.new_poses.region_from", "both"},
        {"option.smooth.preset", "mediapipe_legacy"},
        {"option.smooth.frame_s", "none"},
        {"option.needs_detection.max_people", "1"},
        {"option.new_rois.max_people", "1"},
        {"option.best_poses.max_people", "1"},
    };

    private final Map<String, String> texts;

    /**
     * Settings of these texts.
     *
     * @throws IllegalArgumentException if they are of a pipeline that is not implemented here
     */
    public Settings(Map<String, String> texts) {
        this.texts = texts;
        for (String[] pair : FIXED) {
            if (!pair[1].equals(text(pair[0]))) {
                throw new IllegalArgumentException(
                        pair[0] + ": expected " + pair[1] + ", got " + text(pair[0]));
            }
        }
    }

    /** Settings of the text lines of a file; all other lines are left out. */
    public static Settings read(Reader file) throws IOException {
        Map<String, String> texts = new LinkedHashMap<>();
        try (BufferedReader lines = new BufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int end = line.indexOf(' ', TEXT.length());
                if (line.startsWith(TEXT) && end > 0) {
                    texts.put(line.substring(TEXT.length(), end), line.substring(end + 1));
                }
            }
        }
        return new Settings(texts);
    }

    /**
     * The words of a setting.
     *
     * @throws IllegalArgumentException if it is missing
     */
    public String text(String name) {
        String words = texts.get(name);
        if (words == null) {
            throw new IllegalArgumentException("settings: expected " + name + ", it is missing");
        }
        return words;
    }

    /** The words, or another text where the setting is missing or {@code none}. */
    public String text(String name, String otherwise) {
        String words = texts.get(name);
        return words == null || words.equals("none") ? otherwise : words;
    }

    /** The numbers of a setting; none where it is missing. */
    public double[] numbers(String name) {
        String words = text(name, "").trim();
        return words.isEmpty()
                ? new double[0]
                : Arrays.stream(words.split(" ")).mapToDouble(Double::parseDouble).toArray();
    }

    /** The only number of a setting. */
    public double number(String name) {
        return Double.parseDouble(text(name));
    }
}
