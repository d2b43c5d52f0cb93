// A MongoDB for machines that have none: mongo-java-server (a wire-protocol server in Java) on a file.
// It has what the shop uses and nothing for scale: no transactions, sessions or change streams.
// To prove durability take a real mongod: a SIGKILL can lose the last few milliseconds here.

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.FindsById;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

public class MongoStandIn {
    /** mongo-java-server says wire version 8; PyMongo 4.20 talks to 9 and up. 13 is MongoDB 5.0. */
    private static final MongoVersion VERSION =
            new MongoVersion() {
                @Override
                public List<Integer> getVersionArray() {
                    return List.of(5, 0, 0);
                }

                @Override
                public int getWireVersion() {
                    return 13;
                }
            };

    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            System.err.println("usage: MongoStandIn <host> <port> <data file>");
            System.exit(2);
        }
        Path file = Path.of(args[2]).toAbsolutePath();
        Files.createDirectories(file.getParent());

        H2Backend backend = new FindsById(file.toString());
        // H2 commits once a second as it comes: a kill would lose a second of acknowledged writes.
        backend.getMvStore().setAutoCommitDelay(5);
        // And keeps what was overwritten for 45 s, against disks that reorder writes: the file would grow without need.
        // Not much shorter: who reads everything while others write needs it («Chunk not found» after one second).
        backend.getMvStore().setRetentionTime(10_000);
        MongoServer server = new MongoServer(backend.version(VERSION));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(server, backend)));

        server.bind(args[0], Integer.parseInt(args[1]));
        System.out.println("listening on " + args[0] + ":" + args[1] + ", data in " + file);
    }

    private static void close(MongoServer server, H2Backend backend) {
        server.shutdownNow();
        // shutdownNow closes the backend too; a closed store ignores a second close.
        backend.getMvStore().close();
        System.out.println("closed");
    }
}
