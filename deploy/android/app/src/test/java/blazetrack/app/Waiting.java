package blazetrack.app;

import static org.junit.Assert.fail;
import static org.robolectric.Shadows.shadowOf;

import android.os.Looper;
import java.util.function.BooleanSupplier;

/** Waits for other threads. */
final class Waiting {
    private static final int STEPS = 6000;
    private static final int STEP_MS = 10;

    private Waiting() {}

    static void until(String what, BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < STEPS; i++) {
            shadowOf(Looper.getMainLooper()).idle();
            if (condition.getAsBoolean()) {
                return;
            }
            Thread.sleep(STEP_MS);
        }
        fail("not reached: " + what);
    }
}
