package blazetrack.app;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.robolectric.Shadows.shadowOf;

import android.Manifest;
import android.content.Context;
import android.graphics.ImageFormat;
import android.hardware.camera2.CameraCharacteristics;
import android.hardware.camera2.CameraManager;
import android.util.Size;
import android.view.View;
import android.widget.Button;
import android.widget.Spinner;
import android.widget.TextView;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.android.controller.ActivityController;
import org.robolectric.annotation.Config;
import org.robolectric.shadow.api.Shadow;
import org.robolectric.shadows.ShadowCameraCharacteristics;
import org.robolectric.shadows.StreamConfigurationMapBuilder;

@RunWith(RobolectricTestRunner.class)
@Config(sdk = 35, application = FakeApplication.class)
public final class MainActivityTest {
    private final FakeApplication app = (FakeApplication) RuntimeEnvironment.getApplication();
    private final ActivityController<MainActivity> controller =
            Robolectric.buildActivity(MainActivity.class);

    private void allow() {
        shadowOf(app).grantPermissions(Manifest.permission.CAMERA);
    }

    private String message() {
        MainActivity activity = controller.get();
        boolean shown = activity.findViewById(R.id.message_panel).getVisibility() == View.VISIBLE;
        return shown ? ((TextView) activity.findViewById(R.id.message)).getText().toString() : "";
    }

    private Button action() {
        return controller.get().findViewById(R.id.message_action);
    }

    private void addCamera(int facing) {
        CameraCharacteristics facts = ShadowCameraCharacteristics.newCameraCharacteristics();
        ShadowCameraCharacteristics shadow = Shadow.extract(facts);
        shadow.set(CameraCharacteristics.LENS_FACING, facing);
        shadow.set(CameraCharacteristics.SENSOR_ORIENTATION, 90);
        shadow.set(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP,
                StreamConfigurationMapBuilder.newBuilder()
                        .addOutputSize(ImageFormat.YUV_420_888, new Size(1920, 1080))
                        .addOutputSize(ImageFormat.YUV_420_888, new Size(640, 480)).build());
        shadowOf((CameraManager) app.getSystemService(Context.CAMERA_SERVICE))
                .addCamera("0", facts);
    }

    private void waitForNetworks(int count) throws InterruptedException {
        Waiting.until(count + " open networks", () -> app.networks.get() == count);
    }

    private void waitForMessage(String text) throws InterruptedException {
        Waiting.until(text, () -> message().equals(text));
    }

    @Test
    public void cameraRefusedOnceIsAskedForAgainAndThenLeadsToTheSettings() {
        shadowOf(app.getPackageManager())
                .setShouldShowRequestPermissionRationale(Manifest.permission.CAMERA, true);
        MainActivity activity = controller.setup().get();
        assertEquals(app.getString(R.string.camera_refused), message());
        assertEquals(app.getString(R.string.allow), action().getText());
        shadowOf(app.getPackageManager())
                .setShouldShowRequestPermissionRationale(Manifest.permission.CAMERA, false);
        controller.pause().resume();
        while (shadowOf(activity).getNextStartedActivity() != null) {
            continue; // the question for the camera
        }
        assertEquals(app.getString(R.string.open_settings), action().getText());
        action().performClick();
        assertEquals("package:blazetrack.app",
                shadowOf(activity).getNextStartedActivity().getDataString());
    }

    @Test
    public void cameraAllowedInTheSettingsBeginsAfterTheReturn() throws Exception {
        controller.setup().pause();
        allow();
        controller.resume();
        waitForMessage(app.getString(R.string.no_camera));
    }

    @Test
    public void modelsThatCannotBeLoadedAreNamedAndTriedAgain() throws Exception {
        allow();
        app.fault = "damaged";
        controller.setup();
        waitForMessage(app.getString(R.string.models_failed, "damaged"));
        app.fault = null;
        action().performClick();
        waitForMessage(app.getString(R.string.no_camera));
        waitForNetworks(0);
    }

    @Test
    public void backgroundAndRotationCloseAndOpenNetworks() throws Exception {
        allow();
        addCamera(CameraCharacteristics.LENS_FACING_BACK);
        controller.setup();
        waitForNetworks(2);
        controller.pause();
        waitForNetworks(0);
        controller.resume();
        waitForNetworks(2);
        controller.recreate();
        waitForNetworks(2);
        assertEquals("", message());
        controller.pause();
        waitForNetworks(0);
    }

    @Test
    public void listOfModelsIsThatOfTheAssets() {
        Spinner spinner = controller.setup().get().findViewById(R.id.model);
        assertEquals("blaze_lite", spinner.getItemAtPosition(0));
        assertFalse(app.models().names().contains("blaze_detector_lite"));
    }

    @Test
    public void pictureIsTurnedBySensorAndDisplay() {
        assertEquals(90, Camera.rotation(90, false, 0));
        assertEquals(0, Camera.rotation(90, false, 90));
        assertEquals(0, Camera.rotation(270, true, 90));
        assertEquals(270, Camera.rotation(270, true, 0));
    }
}
