// mongo-java-server uses an index only for a query of exactly its keys. The shop's conditional updates ask for an _id
// and a state, and would read every document: 20 ms each at 16,000 orders. Here the index finds the one document and
// the server, as it does anyway, checks it against the whole query.

package de.bwaldvogel.mongo.backend.h2;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.bson.ObjectId;
import java.util.List;

public class FindsById extends H2Backend {
    public FindsById(String file) {
        super(file);
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
            return new H2UniqueIndex(getMvStore().openMap(map), name, keys, sparse) {
                @Override
                public synchronized boolean canHandle(Document query) {
                    return super.canHandle(query) || (keys.size() == 1 && isValue(query.get(keys.get(0).getKey())));
                }
            };
        }

        private boolean isValue(Object asked) {
            return asked instanceof String || asked instanceof Number || asked instanceof ObjectId;
        }
    }
}
