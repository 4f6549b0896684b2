package blazetrack.core;

import java.util.Map;

/** A network, run on one crop. */
public interface Network extends AutoCloseable {
    /** What it is. */
    ModelCard card();

    /**
     * Run it.
     *
     * @param crop of the size of its input
     * @return its outputs by their meaning in the card
     */
    Map<String, Tensor> run(Image crop);

    @Override
    default void close() {}
}
