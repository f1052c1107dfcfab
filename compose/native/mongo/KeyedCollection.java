import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.bson.Document;
import java.util.Collection;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.h2.mvstore.Cursor;
import org.h2.mvstore.MVMap;

/**
 * A collection that finds documents by their ids where MongoDB does. The one it extends does so only when nothing but the id
 * is asked for: with one more condition, or for a page of what comes after an id, it reads every document that it has.
 */
final class KeyedCollection extends H2Collection {
  private static final String ID = "_id";

  /** In the order of their ids. Texts among these lie together, in the order in which the server compares texts. */
  private final MVMap<Object, Document> documents;

  KeyedCollection(
      MongoDatabase database, String name, CollectionOptions options, MVMap<Object, Document> documents,
      MVMap<String, Object> meta, CursorRegistry cursors) {
    super(database, name, options, documents, meta, cursors);
    this.documents = documents;
  }

  @Override
  protected QueryResult queryDocuments(
      Document query, Document order, int skip, int limit, int batchSize, Document fields) {
    if (query.get(ID) instanceof String id) {
      Stream<Document> found = Stream.ofNullable(documents.get(id));
      return matchDocumentsFromStream(found, query, order, skip, limit, batchSize, fields);
    }
    if (isForIds(query)) {
      // Asked again whether it is among them, each document would be held against all of the ids.
      Stream<Document> found = ids(query).stream().sorted().distinct().map(documents::get).filter(Objects::nonNull);
      return matchDocumentsFromStream(found, new Document(), order, skip, limit, batchSize, fields);
    }
    if (isById(order) && hasTextsForIds()) {
      // They come in order, so that the rest need not be read once there are enough.
      return matchDocumentsFromStream(from(lowest(query)), query, null, skip, limit, batchSize, fields);
    }
    return super.queryDocuments(query, order, skip, limit, batchSize, fields);
  }

  private static boolean isForIds(Document query) {
    return query.size() == 1 && query.get(ID) instanceof Document among && among.size() == 1
        && ids(query) != null && ids(query).stream().allMatch(String.class::isInstance);
  }

  /** Those of `{_id: {$in: […]}}`; null: that is not what is asked for. */
  private static Collection<?> ids(Document query) {
    return query.get(ID) instanceof Document among && among.get("$in") instanceof Collection<?> ids ? ids : null;
  }

  private static boolean isById(Document order) {
    return order != null && order.size() == 1 && order.get(ID) instanceof Number way && way.intValue() == 1;
  }

  private boolean hasTextsForIds() {
    return documents.firstKey() instanceof String && documents.lastKey() instanceof String;
  }

  /** No id that the query asks for is lower. Null: any may be asked for. */
  private static String lowest(Document query) {
    if (query.get(ID) instanceof Document range && range.get("$gt") instanceof String id) {
      return id;
    }
    if (!(query.get("$and") instanceof Collection<?> conditions)) {
      return null;
    }
    return conditions.stream()
        .map(condition -> condition instanceof Document document ? lowest(document) : null)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  private Stream<Document> from(String id) {
    Cursor<Object, Document> cursor = documents.cursor(id);
    Iterable<Object> ids = () -> cursor;
    return StreamSupport.stream(ids.spliterator(), false).map(at -> cursor.getValue());
  }
}
