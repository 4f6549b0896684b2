package blazetrack.app;

import android.content.res.AssetManager;
import blazetrack.core.Image;
import blazetrack.core.ModelCard;
import blazetrack.core.Network;
import blazetrack.core.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import org.tensorflow.lite.Interpreter;

/** A network that TensorFlow Lite runs on the processor, by XNNPACK. */
final class TfliteNetwork implements Network {
    private static final int LEVELS = 256;
    private static final int COLOURS = 3;

    private final ModelCard card;
    private final Interpreter interpreter;
    private final FloatBuffer input;
    private final float[] levels = new float[LEVELS];
    private final Map<String, Integer> indices = new HashMap<>(); // by meaning
    private final Map<Integer, Object> buffers = new HashMap<>();

    /**
     * Load a network.
     *
     * @throws IOException if its file is missing, or is not the one of its card
     */
    TfliteNetwork(AssetManager assets, ModelCard card, int threads) throws IOException {
        this.card = card;
        try {
            Interpreter.Options options = new Interpreter.Options();
            options.setNumThreads(threads);
            options.setUseXNNPACK(true);
            interpreter = new Interpreter(read(assets, Models.file(card)), options);
        } catch (UnsatisfiedLinkError error) {
            throw new IOException("TensorFlow Lite has no library for this processor", error);
        } catch (IllegalArgumentException error) {
            throw new IOException(card.name() + ": " + error.getMessage(), error);
        }
        input = floats(card.height() * card.width() * COLOURS);
        for (int i = 0; i < LEVELS; i++) {
            levels[i] = i * ((card.high() - card.low()) / (LEVELS - 1)) + card.low();
        }
        for (Map.Entry<String, String> output : card.outputs().entrySet()) {
            int index = indexOf(output.getValue());
            if (index >= 0) {
                indices.put(output.getKey(), index);
                buffers.put(index, floats(interpreter.getOutputTensor(index).numElements()));
            }
        }
    }

    private int indexOf(String tensor) {
        for (int i = 0; i < interpreter.getOutputTensorCount(); i++) {
            if (interpreter.getOutputTensor(i).name().equals(tensor)) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public ModelCard card() {
        return card;
    }

    @Override
    public Map<String, Tensor> run(Image crop) {
        input.rewind();
        for (int pixel : crop.pixels()) {
            input.put(levels[pixel >> 16 & 255]);
            input.put(levels[pixel >> 8 & 255]);
            input.put(levels[pixel & 255]);
        }
        input.rewind();
        for (Object buffer : buffers.values()) {
            ((FloatBuffer) buffer).rewind();
        }
        interpreter.runForMultipleInputsOutputs(new Object[] {input}, buffers);
        Map<String, Tensor> outputs = new HashMap<>();
        for (Map.Entry<String, Integer> one : indices.entrySet()) {
            FloatBuffer buffer = (FloatBuffer) buffers.get(one.getValue());
            float[] values = new float[buffer.capacity()];
            buffer.rewind();
            buffer.get(values);
            int[] shape = interpreter.getOutputTensor(one.getValue()).shape();
            outputs.put(one.getKey(), new Tensor(shape, values));
        }
        return outputs;
    }

    @Override
    public void close() {
        interpreter.close();
    }

    private static FloatBuffer floats(int count) {
        return ByteBuffer.allocateDirect(count * Float.BYTES)
                .order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    private static ByteBuffer read(AssetManager assets, String file) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (InputStream stream = assets.open(file)) {
            byte[] part = new byte[1 << 16];
            for (int count = stream.read(part); count >= 0; count = stream.read(part)) {
                bytes.write(part, 0, count);
            }
        }
        ByteBuffer buffer =
                ByteBuffer.allocateDirect(bytes.size()).order(ByteOrder.nativeOrder());
        buffer.put(bytes.toByteArray());
        buffer.rewind();
        return buffer;
    }
}
