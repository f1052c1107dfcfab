import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;

/**
 * Writes what a command changed to the file before the command is answered, so that an answered write outlives the process.
 * A file holds whole commands only: commands that write run side by side, and a commit waits until none is under way.
 */
final class DurableBackend extends H2Backend {
  private static final Set<String> WRITES = Set.of(
      "insert", "update", "delete", "findandmodify", "aggregate", "create", "createindexes", "drop", "dropindexes",
      "dropdatabase", "renamecollection");

  private static final int COMPACT_EVERY_MS = 5_000;
  private static final int COMPACT_BELOW_FILL_PERCENT = 50;
  private static final int COMPACT_BYTES_MAX = 16 << 20;

  /** The oldest server that today's drivers still talk to. */
  private static final MongoVersion VERSION = new MongoVersion() {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(4, 4, 0);
    }

    @Override
    public int getWireVersion() {
      return 9;
    }
  };

  private final ReentrantReadWriteLock commands = new ReentrantReadWriteLock(true);
  private final AtomicLong finished = new AtomicLong();
  private long committed;
  private long compacted;
  private final ScheduledExecutorService compactor = Executors.newSingleThreadScheduledExecutor();

  DurableBackend(MVStore store) {
    super(store);
    version(VERSION);
    compactor.scheduleWithFixedDelay(this::compact, COMPACT_EVERY_MS, COMPACT_EVERY_MS, TimeUnit.MILLISECONDS);
  }

  @Override
  public Document handleCommand(Channel channel, String database, String command, Document query) {
    String name = command.toLowerCase(Locale.ROOT);
    if (name.equals("hello") || name.equals("ismaster")) {
      return hello(channel, database, query);
    }
    if (!WRITES.contains(name)) {
      return super.handleCommand(channel, database, command, query);
    }
    return write(channel, database, command, query);
  }

  private Document hello(Channel channel, String database, Document query) {
    Document reply = super.handleCommand(channel, database, "ismaster", query);
    return reply.append("isWritablePrimary", true).append("helloOk", true);
  }

  @Override
  protected MongoDatabase openOrCreateDatabase(String name) {
    MVStore store = getMvStore();
    return new MovableDatabase(name, store, getCursorRegistry()) {
      @Override
      protected MVStore store() {
        return store;
      }
    };
  }

  private Document write(Channel channel, String database, String command, Document query) {
    // A renamed collection changes its place in the file, so nothing else may write meanwhile.
    Lock lock = command.equalsIgnoreCase("renameCollection") ? commands.writeLock() : commands.readLock();
    long number;
    lock.lock();
    try {
      return super.handleCommand(channel, database, command, query);
    } finally {
      number = finished.incrementAndGet();
      lock.unlock();
      commitUpTo(number);
    }
  }

  /** One commit serves every command that had finished before it. */
  private void commitUpTo(long number) {
    commands.writeLock().lock();
    try {
      if (committed < number) {
        committed = finished.get();
        commit();
      }
    } catch (MVStoreException failure) {
      end(failure);
    } finally {
      commands.writeLock().unlock();
    }
  }

  /** Each commit appends; what later ones made worthless is given back here. Without one since, there is nothing to gain. */
  private void compact() {
    commands.writeLock().lock();
    try {
      if (compacted == committed) {
        return;
      }
      compacted = committed;
      getMvStore().compact(COMPACT_BELOW_FILL_PERCENT, COMPACT_BYTES_MAX);
    } catch (MVStoreException failure) {
      end(failure);
    } finally {
      commands.writeLock().unlock();
    }
  }

  /** What is in memory is now ahead of the file and would be lost later: better lose it now, before it is answered for. */
  private static void end(MVStoreException failure) {
    System.err.println("the file cannot be written: " + failure);
    Runtime.getRuntime().halt(1);
  }

  @Override
  public void close() {
    compactor.shutdownNow();
    commands.writeLock().lock();
    try {
      super.close();
    } finally {
      commands.writeLock().unlock();
    }
  }
}
