package blazetrack.core;

/** Receives what each node gave. */
public interface Trace {
    /** No trace. */
    Trace NONE = (node, nanos, value) -> {};

    /**
     * A node ran.
     *
     * @param node its name in the graph
     * @param nanos time it took
     * @param value what it gave
     */
    void ran(String node, long nanos, Object value);
}
