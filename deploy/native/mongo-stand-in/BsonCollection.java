// A collection that holds its documents as BSON. H2Collection holds them as objects, which mongo-java-server changes in
// place while H2 writes them, all of a page with every change to one, by Java's serialization: more than half of its work.

package de.bwaldvogel.mongo.backend.h2;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.Cursor;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.DocumentWithPosition;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.bson.BsonDecoder;
import de.bwaldvogel.mongo.wire.bson.BsonEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.h2.mvstore.MVMap;

final class BsonCollection extends H2Collection {
    /** The fields by which the shop looks, every second, for what was left unfinished. */
    private static final List<String> FIELDS = List.of("status", "state");

    /** Of a field and a value that were asked for once: where the documents are that have it. Else each is read. */
    private final Map<Map.Entry<String, Object>, Set<Object>> asked = new ConcurrentHashMap<>();

    private final MVMap<Object, byte[]> documents;

    BsonCollection(
            MongoDatabase database,
            String name,
            CollectionOptions options,
            MVMap<Object, byte[]> documents,
            MVMap<String, Object> meta,
            CursorRegistry cursors) {
        super(database, name, options, null, meta, cursors);
        this.documents = documents;
    }

    @Override
    protected Object addDocumentInternal(Document document) {
        Object id = getIdField() != null ? Utils.getSubdocumentValue(document, getIdField()) : UUID.randomUUID();
        if (documents.putIfAbsent(Missing.ofNullable(id), encoded(document)) != null) {
            throw new IllegalStateException("there is a document with this key already");
        }
        remember(id, document);
        return id;
    }

    @Override
    protected void handleUpdate(Object position, Document before, Document after) {
        documents.put(Missing.ofNullable(position), encoded(after));
        remember(position, after);
    }

    @Override
    protected void removeDocument(Object position) {
        if (documents.remove(position) == null) {
            throw new NoSuchElementException("no document with this key");
        }
        asked.values().forEach(positions -> positions.remove(position));
    }

    @Override
    protected Document getDocument(Object position) {
        byte[] bytes = documents.get(position);
        return bytes == null ? null : decoded(bytes);
    }

    @Override
    protected Stream<DocumentWithPosition<Object>> streamAllDocumentsWithPosition() {
        return documents.entrySet().stream()
                .map(entry -> new DocumentWithPosition<>(decoded(entry.getValue()), entry.getKey()));
    }

    @Override
    protected QueryResult matchDocuments(
            Document query, Document orderBy, int skip, int limit, int batchSize, Document fields) {
        boolean all = isEmpty(query) && isEmpty(orderBy) && isEmpty(fields) && skip == 0 && limit == 0;
        if (all && batchSize > 0) { // a client: who asks from inside, to count or to delete, wants the whole list
            return everything(batchSize);
        }
        return matchDocumentsFromStream(candidates(query), query, orderBy, skip, limit, batchSize, fields);
    }

    /** Who asks for all in batches gets it bit by bit: of many orders the whole list would not fit into memory. */
    private QueryResult everything(int batchSize) {
        Cursor rest = new ReadsOn(cursorRegistry.generateCursorId(), documents, BsonCollection::decoded);
        List<Document> first = rest.takeDocuments(batchSize);
        if (rest.isEmpty()) {
            return new QueryResult(first);
        }
        cursorRegistry.add(rest);
        return new QueryResult(first, rest);
    }

    private static boolean isEmpty(Document asked) {
        return asked == null || asked.isEmpty();
    }

    /** All that can match: those with the status or state asked for, else all there are. */
    private Stream<Document> candidates(Document query) {
        for (String field : FIELDS) {
            Object value = query.get(field);
            List<?> values = value instanceof Document in && in.get("$in") instanceof List<?> any ? any : List.of();
            values = value instanceof String ? List.of(value) : values;
            if (!values.isEmpty() && values.stream().allMatch(String.class::isInstance)) {
                return values.stream().distinct().flatMap(each -> having(field, each)).map(this::getDocument);
            }
        }
        return documents.values().stream().map(BsonCollection::decoded);
    }

    private Stream<Object> having(String field, Object value) {
        return asked.computeIfAbsent(Map.entry(field, value), this::positions).stream();
    }

    private Set<Object> positions(Map.Entry<String, Object> entry) {
        return streamAllDocumentsWithPosition()
                .filter(each -> entry.getValue().equals(each.getDocument().get(entry.getKey())))
                .map(DocumentWithPosition::getPosition)
                .collect(Collectors.toCollection(ConcurrentHashMap::newKeySet));
    }

    private void remember(Object position, Document document) {
        asked.forEach((entry, positions) -> {
            if (entry.getValue().equals(document.get(entry.getKey()))) {
                positions.add(position);
            } else {
                positions.remove(position);
            }
        });
    }

    @Override
    public int count() {
        return documents.size();
    }

    @Override
    public boolean isEmpty() {
        return documents.isEmpty();
    }

    private static byte[] encoded(Document document) {
        ByteBuf bytes = Unpooled.buffer(512);
        BsonEncoder.encodeDocument(document, bytes);
        return ByteBufUtil.getBytes(bytes);
    }

    private static Document decoded(byte[] bytes) {
        return BsonDecoder.decodeBson(Unpooled.wrappedBuffer(bytes));
    }
}
