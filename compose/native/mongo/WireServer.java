import de.bwaldvogel.mongo.MongoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.h2.mvstore.MVStore;

/** A server on loopback that speaks MongoDB's wire protocol and keeps its documents in one file. */
public final class WireServer {
  /** A page that is no longer needed stays readable for this long, for those who are in the middle of reading it. */
  private static final int RETENTION_MS = 2_000;

  private WireServer() {}

  public static void main(String[] arguments) throws IOException {
    int port = Integer.parseInt(arguments[0]);
    Path file = Path.of(arguments[1]);
    Files.createDirectories(file.toAbsolutePath().getParent());

    DurableBackend backend = new DurableBackend(open(file));
    MongoServer server = new MongoServer(backend);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      server.shutdownNow();
      backend.close();
    }));
    server.bind("127.0.0.1", port);
  }

  // The store must not commit by itself: it would do so in the middle of a command.
  private static MVStore open(Path file) {
    MVStore store = new MVStore.Builder().fileName(file.toString()).autoCommitDisabled().autoCommitBufferSize(0).open();
    store.setRetentionTime(RETENTION_MS);
    return store;
  }
}
