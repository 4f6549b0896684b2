package blazetrack.core;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** A network that gives its recorded outputs, in their order. */
final class RecordedNetwork implements Network {
    private final ModelCard card;
    private final String[] streams;
    private Map<String, Vectors.Array> frame = Map.of();
    private int runs;

    /**
     * A network.
     *
     * @param streams those of the nodes that run it, in the order of the graph
     */
    RecordedNetwork(ModelCard card, String... streams) {
        this.card = card;
        this.streams = streams;
    }

    void begin(Map<String, Vectors.Array> next) {
        frame = next;
        runs = 0;
    }

    /** Number of recorded runs in this frame that were not asked for. */
    int left() {
        return Arrays.stream(streams).mapToInt(this::rows).sum() - runs;
    }

    @Override
    public ModelCard card() {
        return card;
    }

    @Override
    public Map<String, Tensor> run(Image crop) {
        int row = runs++;
        for (String stream : streams) {
            if (row < rows(stream)) {
                return outputs(stream, row);
            }
            row -= rows(stream);
        }
        throw new AssertionError(card.name() + " ran once more than recorded");
    }

    private int rows(String stream) {
        String first = card.outputs().keySet().iterator().next();
        Vectors.Array array = frame.get(stream + ".outputs." + first);
        return array == null ? 0 : array.shape()[0];
    }

    private Map<String, Tensor> outputs(String stream, int row) {
        Map<String, Tensor> outputs = new HashMap<>();
        for (String meaning : card.outputs().keySet()) {
            Vectors.Array array = frame.get(stream + ".outputs." + meaning);
            if (array != null) {
                int[] shape = array.shape().clone();
                int size = array.values().length / shape[0];
                shape[0] = 1;
                float[] values = new float[size];
                for (int i = 0; i < size; i++) {
                    values[i] = (float) array.values()[row * size + i];
                }
                outputs.put(meaning, new Tensor(shape, values));
            }
        }
        return outputs;
    }
}
