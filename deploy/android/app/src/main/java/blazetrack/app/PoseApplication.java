package blazetrack.app;

import android.app.Application;
import blazetrack.core.ModelCard;
import blazetrack.core.Network;
import java.io.IOException;

/** The app. */
public class PoseApplication extends Application {
    private Models models;

    @Override
    public void onCreate() {
        super.onCreate();
        models = new Models(getAssets(), this::open);
    }

    /** The models in the assets. */
    final Models models() {
        return models;
    }

    /** A network of the assets. */
    protected Network open(ModelCard card, int threads) throws IOException {
        return new TfliteNetwork(getAssets(), card, threads);
    }
}
