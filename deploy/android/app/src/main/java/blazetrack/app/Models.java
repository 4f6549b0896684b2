package blazetrack.app;

import android.content.res.AssetManager;
import blazetrack.core.ModelCard;
import blazetrack.core.Network;
import blazetrack.core.Pipeline;
import blazetrack.core.Settings;
import blazetrack.core.Trace;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The landmark models in the assets, each with its settings and its detector. */
final class Models {
    private static final String FOLDER = "models";
    private static final String SETTINGS = ".settings";
    private static final int MAX_THREADS = 4;

    /** Opens networks. */
    interface Opener {
        Network open(ModelCard card, int threads) throws IOException;
    }

    /** A pipeline and its networks. */
    record Open(Settings settings, Pipeline pipeline, Network detector, Network landmarks)
            implements AutoCloseable {
        @Override
        public void close() {
            detector.close();
            landmarks.close();
        }
    }

    private final AssetManager assets;
    private final Opener opener;

    Models(AssetManager assets, Opener opener) {
        this.assets = assets;
        this.opener = opener;
    }

    /** Half of the cores, which are about the fast ones. */
    static int defaultThreads() {
        return Math.max(1, Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors() / 2));
    }

    /** Names of the landmark models. */
    List<String> names() {
        List<String> names = new ArrayList<>();
        try {
            for (String file : assets.list(FOLDER)) {
                if (file.endsWith(SETTINGS)) {
                    names.add(file.substring(0, file.length() - SETTINGS.length()));
                }
            }
        } catch (IOException error) {
            names.clear(); // as without models
        }
        return names;
    }

    /** The settings of a landmark model. */
    Settings settings(String name) throws IOException {
        String file = FOLDER + "/" + name + SETTINGS;
        return Settings.read(new InputStreamReader(assets.open(file), StandardCharsets.UTF_8));
    }

    /** A pipeline with a landmark model. */
    Open open(String name, int threads, Trace trace) throws IOException {
        Settings settings = settings(name);
        Network detector = opener.open(ModelCard.of(settings, "detector"), threads);
        Network landmarks;
        try {
            landmarks = opener.open(ModelCard.of(settings, "landmarks"), threads);
        } catch (IOException | RuntimeException error) {
            detector.close();
            throw error;
        }
        Pipeline pipeline = new Pipeline(settings, detector, landmarks, trace);
        return new Open(settings, pipeline, detector, landmarks);
    }

    /** Path of the file of a model in the assets. */
    static String file(ModelCard card) {
        return FOLDER + "/" + card.name() + ".tflite";
    }
}
