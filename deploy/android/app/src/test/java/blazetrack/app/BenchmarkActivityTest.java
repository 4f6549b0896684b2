package blazetrack.app;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import android.content.Intent;
import android.view.View;
import android.widget.TextView;
import org.json.JSONObject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.android.controller.ActivityController;
import org.robolectric.annotation.Config;

@RunWith(RobolectricTestRunner.class)
@Config(sdk = 35, application = FakeApplication.class)
public final class BenchmarkActivityTest {
    private final ActivityController<BenchmarkActivity> controller =
            Robolectric.buildActivity(BenchmarkActivity.class);
    private final BenchmarkActivity activity = controller.setup().get();

    private String text(int id) {
        return ((TextView) activity.findViewById(id)).getText().toString();
    }

    private void click(int id) {
        activity.findViewById(id).performClick();
    }

    @Test
    public void measurementGivesATableAndJsonForAnotherApp() throws Exception {
        View share = activity.findViewById(R.id.share);
        assertFalse(share.isEnabled());
        click(R.id.start);
        Waiting.until("result", share::isEnabled);
        String table = text(R.id.result);
        assertTrue(table, table.startsWith("1 thread(s): ") && table.contains("\ndetect "));
        Intent intent = activity.shareIntent();
        assertEquals(Intent.ACTION_SEND, intent.getAction());
        JSONObject json = new JSONObject(intent.getStringExtra(Intent.EXTRA_TEXT));
        assertEquals("blaze_lite",
                json.getJSONArray("models").getJSONObject(1).getString("name"));
        JSONObject round = json.getJSONArray("rounds").getJSONObject(0);
        assertEquals(1, round.getInt("threads"));
        assertTrue(round.getDouble("fps") > 0);
        System.out.println("report: " + json); // for the test of the table of devices
    }

    @Test
    public void backgroundStopsTheMeasurement() {
        click(R.id.start);
        assertEquals(activity.getString(R.string.stop), text(R.id.start));
        controller.pause().stop();
        assertEquals(activity.getString(R.string.benchmark_stopped), text(R.id.status));
        assertEquals(activity.getString(R.string.start), text(R.id.start));
    }

    @Test
    public void networkThatCannotBeLoadedIsNamed() throws Exception {
        ((FakeApplication) RuntimeEnvironment.getApplication()).fault = "damaged";
        click(R.id.start);
        Waiting.until("fault", () -> text(R.id.status).endsWith(": damaged"));
    }
}
