// A cursor over all documents that remembers only where it is. As in MongoDB, what is written meanwhile may be seen or not.

package de.bwaldvogel.mongo.backend.h2;

import de.bwaldvogel.mongo.backend.AbstractCursor;
import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.h2.mvstore.MVMap;

final class ReadsOn extends AbstractCursor {
    private static final int MOST = 250;

    private final MVMap<Object, byte[]> documents;
    private final Function<byte[], Document> decoded;
    private Object next;

    ReadsOn(long id, MVMap<Object, byte[]> documents, Function<byte[], Document> decoded) {
        super(id);
        this.documents = documents;
        this.decoded = decoded;
        next = documents.firstKey();
    }

    @Override
    public boolean isEmpty() {
        return next == null;
    }

    @Override
    public synchronized List<Document> takeDocuments(int number) {
        int most = number > 0 ? Math.min(number, MOST) : MOST;
        List<Document> taken = new ArrayList<>();
        for (; next != null && taken.size() < most; next = documents.higherKey(next)) {
            byte[] bytes = documents.get(next);
            if (bytes != null) {
                taken.add(decoded.apply(bytes));
            }
        }
        return taken;
    }
}
