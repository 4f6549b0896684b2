package blazetrack.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Test vectors; values of all types are doubles, which hold each of them exactly. */
final class Vectors {
    /** An array, row by row. */
    record Array(int[] shape, double[] values) {}

    final Map<String, String> texts = new HashMap<>();
    final Map<String, Array> arrays = new HashMap<>();
    final List<Map<String, Array>> frames = new ArrayList<>();

    static Vectors read(Path file) throws IOException {
        Vectors vectors = new Vectors();
        Map<String, Array> arrays = vectors.arrays;
        for (String line : Files.readAllLines(file)) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "text" -> vectors.texts.put(words[1], line.split(" ", 3)[2]);
                case "array" -> arrays.put(words[1], decode(words[2], words[3], words[4]));
                case "frame" -> vectors.frames.add(arrays = new HashMap<>());
                case "end" -> {
                    return vectors;
                }
                default -> { }
            }
        }
        throw new IOException(file + ": the file is not whole");
    }

    private static Array decode(String type, String shape, String data) {
        int[] sizes = Arrays.stream(shape.split(",")).mapToInt(Integer::parseInt).toArray();
        double[] values = new double[Arrays.stream(sizes).reduce(1, (a, b) -> a * b)];
        byte[] bytes = data.equals("-") ? new byte[0] : Base64.getDecoder().decode(data);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (type) {
                case "float32" -> buffer.getFloat();
                case "float64" -> buffer.getDouble();
                case "int32" -> buffer.getInt();
                default -> buffer.get() & 255;
            };
        }
        return new Array(sizes, values);
    }
}
