// mongo-java-server uses an index only for a query of exactly its keys. The shop's conditional updates ask for an _id
// and a state, and would read every document: 20 ms each at 16,000 orders. Here the index finds the one document and
// the server, as it does anyway, checks it against the whole query.

package de.bwaldvogel.mongo.backend.h2;

import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.bson.ObjectId;
import java.util.List;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.type.ByteArrayDataType;

public class FindsById extends H2Backend {
    private static final MVMap.Builder<KeyValue, Object> KEYS =
            new MVMap.Builder<KeyValue, Object>().keyType(new Keys());

    public FindsById(String file) {
        super(open(file));
    }

    private static MVStore open(String file) {
        return new MVStore.Builder()
                .fileName(file)
                .autoCompactFillRate(40) // 90, as it comes, has it write most of what it holds again and again
                .backgroundExceptionHandler((thread, error) -> error.printStackTrace())
                .open();
    }

    @Override
    protected MongoDatabase openOrCreateDatabase(String name) {
        return new Database(name);
    }

    private class Database extends H2Database {
        Database(String name) {
            super(name, getMvStore(), getCursorRegistry());
        }

        @Override
        protected Index<Object> openOrCreateUniqueIndex(
                String collection, String name, List<IndexKey> keys, boolean sparse) {
            String map = getFullCollectionNamespace(collection) + "._index_" + name; // as H2Database calls it
            return new H2UniqueIndex(getMvStore().openMap(map, KEYS), name, keys, sparse) {
                @Override
                public synchronized boolean canHandle(Document query) {
                    return super.canHandle(query) || (keys.size() == 1 && isValue(query.get(keys.get(0).getKey())));
                }
            };
        }

        @Override
        protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
            var documents = new MVMap.Builder<Object, byte[]>().valueType(ByteArrayDataType.INSTANCE);
            String full = getFullCollectionNamespace(name);
            return new BsonCollection(
                    this,
                    name,
                    options,
                    getMvStore().openMap("databases." + full, documents), // as H2Database calls them
                    getMvStore().openMap("meta." + full),
                    getCursorRegistry());
        }

        private boolean isValue(Object asked) {
            return asked instanceof String || asked instanceof Number || asked instanceof ObjectId;
        }
    }
}
