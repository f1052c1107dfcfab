import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import java.util.List;
import org.h2.mvstore.MVStore;

/**
 * A database whose collections keep their documents when they are renamed. The one it extends renames a collection in memory
 * only: in the file its documents and indexes stay under the old name, to be lost at the next start and to haunt the next
 * collection of that name.
 */
final class MovableDatabase extends H2Database {
  private final MVStore store;

  MovableDatabase(String name, MVStore store, CursorRegistry cursors) {
    super(name, store, cursors);
    this.store = store;
  }

  @Override
  public void moveCollection(MongoDatabase oldDatabase, MongoCollection<?> collection, String newName) {
    String from = collection.getFullName();
    super.moveCollection(oldDatabase, collection, newName);
    String to = collection.getFullName();

    moveMap("databases." + from, "databases." + to);
    moveMap("meta." + from, "meta." + to);
    String indexes = from + "._index_";
    for (String index : List.copyOf(store.getMapNames())) {
      if (index.startsWith(indexes)) {
        moveMap(index, to + "._index_" + index.substring(indexes.length()));
      }
    }
  }

  // What may lie at the new name is what a dropped collection left, or what an open under that name has just made.
  private void moveMap(String from, String to) {
    if (store.hasMap(to)) {
      store.removeMap(to);
    }
    store.renameMap(store.openMap(from), to);
  }
}
