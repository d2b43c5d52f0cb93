// Keys of an index, compared and written as strings where they are one, as nearly all are. H2 compares others by what
// Java's serialization makes of both. Those of one string come before all others.

package de.bwaldvogel.mongo.backend.h2;

import de.bwaldvogel.mongo.backend.KeyValue;
import java.nio.ByteBuffer;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;
import org.h2.mvstore.type.ObjectDataType;
import org.h2.mvstore.type.StringDataType;

final class Keys extends BasicDataType<KeyValue> {
    private static final StringDataType STRINGS = StringDataType.INSTANCE;
    private final ObjectDataType any = new ObjectDataType();

    private static String string(KeyValue key) {
        return key.size() == 1 && key.get(0) instanceof String only ? only : null;
    }

    @Override
    public int compare(KeyValue one, KeyValue other) {
        String a = string(one), b = string(other);
        if (a != null && b != null) {
            return a.compareTo(b);
        }
        return a != null ? -1 : b != null ? 1 : any.compare(one, other);
    }

    @Override
    public int getMemory(KeyValue key) {
        String only = string(key);
        return only != null ? 64 + STRINGS.getMemory(only) : any.getMemory(key);
    }

    @Override
    public void write(WriteBuffer to, KeyValue key) {
        String only = string(key);
        to.put((byte) (only != null ? 1 : 0));
        if (only != null) {
            STRINGS.write(to, only);
        } else {
            any.write(to, key);
        }
    }

    @Override
    public KeyValue read(ByteBuffer from) {
        return from.get() == 1 ? new KeyValue(STRINGS.read(from)) : (KeyValue) any.read(from);
    }

    @Override
    public KeyValue[] createStorage(int size) {
        return new KeyValue[size];
    }
}
