package blazetrack.app;

import blazetrack.core.Image;
import blazetrack.core.ModelCard;
import blazetrack.core.Network;
import blazetrack.core.Tensor;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** The app with networks that find no person; a test can also make them fail. */
public final class FakeApplication extends PoseApplication {
    private static final int VALUES = 10;

    final AtomicInteger networks = new AtomicInteger(); // that are open
    volatile String fault;

    @Override
    protected Network open(ModelCard card, int threads) throws IOException {
        if (fault != null) {
            throw new IOException(fault);
        }
        networks.incrementAndGet();
        return new Network() {
            @Override
            public ModelCard card() {
                return card;
            }

            @Override
            public Map<String, Tensor> run(Image crop) {
                int anchors = anchors(card);
                float[] scores = new float[anchors];
                Arrays.fill(scores, -100);
                float[] boxes = new float[anchors * VALUES];
                return Map.of("scores", new Tensor(new int[] {1, anchors, 1}, scores),
                        "boxes", new Tensor(new int[] {1, anchors, VALUES}, boxes));
            }

            @Override
            public void close() {
                networks.decrementAndGet();
            }
        };
    }

    private static int anchors(ModelCard card) {
        int count = 0;
        for (int stride : card.strides()) {
            count += card.height() / stride * (card.width() / stride) * card.perMap();
        }
        return count;
    }
}
