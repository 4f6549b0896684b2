package blazetrack.core;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import java.io.StringReader;
import org.junit.Test;

public final class SettingsTest {
    @Test
    public void readOfAnotherGraphNamesTheDifference() {
        Exception error = assertThrows(IllegalArgumentException.class,
                () -> Settings.read(new StringReader("blazetrack_vectors 1\ntext graph people\n")));
        assertEquals("graph: expected pose, got people", error.getMessage());
    }

    @Test
    public void readOfAFileWithoutSettingsNamesTheFirstMissingOne() {
        Exception error = assertThrows(IllegalArgumentException.class,
                () -> Settings.read(new StringReader("")));
        assertEquals("settings: expected graph, it is missing", error.getMessage());
    }
}
