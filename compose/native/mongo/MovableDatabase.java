import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import java.util.List;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/**
 * A database whose collections keep their documents when they are renamed. The one it extends renames a collection in memory
 * only: in the file its documents and indexes stay under the old name, to be lost at the next start and to haunt the next
 * collection of that name.
 */
abstract class MovableDatabase extends H2Database {
  MovableDatabase(String name, MVStore store, CursorRegistry cursors) {
    super(name, store, cursors);
  }

  /** Where it is kept. Collections are opened before the constructor has come to the fields, so this cannot be one. */
  protected abstract MVStore store();

  // As the one it extends does it, which would make a collection of the other kind.
  @Override
  protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
    String fullName = getFullCollectionNamespace(name);
    MVMap<Object, Document> documents = store().openMap("databases." + fullName);
    return new KeyedCollection(this, name, options, documents, store().openMap("meta." + fullName), cursorRegistry);
  }

  @Override
  public void moveCollection(MongoDatabase oldDatabase, MongoCollection<?> collection, String newName) {
    String from = collection.getFullName();
    super.moveCollection(oldDatabase, collection, newName);
    String to = collection.getFullName();

    moveMap("databases." + from, "databases." + to);
    moveMap("meta." + from, "meta." + to);
    String indexes = from + "._index_";
    for (String index : List.copyOf(store().getMapNames())) {
      if (index.startsWith(indexes)) {
        moveMap(index, to + "._index_" + index.substring(indexes.length()));
      }
    }
  }

  // What may lie at the new name is what a dropped collection left, or what an open under that name has just made.
  private void moveMap(String from, String to) {
    if (store().hasMap(to)) {
      store().removeMap(to);
    }
    store().renameMap(store().openMap(from), to);
  }
}
