import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The job of the benchmark on Kafka Streams: Processor API, exactly_once_v2, counts in a persistent store with its
 * cache and changelog. It reads the whole input twice in one process: first cold, then with a warmed JIT under another
 * application id. The only argument is the file with the task; marks go to the file that it names.
 */
public final class LoanPanes {
    private static final int PANE_S = 10;
    private static final byte[] FRAME = {0, 0, 0, 4, 't', 'e', 'x', 't'};
    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES);

    /** A loan decision as it comes from the topic. */
    public record Decision(
            String application_id,
            String applicant_id,
            String ts,
            String gender,
            String race,
            String age_band,
            String region,
            String product,
            int credit_score,
            boolean approved) {}

    public static void main(String[] arguments) throws Exception {
        JsonNode task = JSON.readTree(new File(arguments[0]));
        Path marks = Path.of(task.get("marks_path").asText());
        pass(task, marks, "-cold");
        pass(task, marks, "");
        Thread.sleep(Long.MAX_VALUE); // the harness ends this process
    }

    private static void pass(JsonNode task, Path marks, String suffix) throws Exception {
        String application = task.get("run").asText() + "-app" + suffix;
        String output = task.get("output_topic").asText() + suffix;
        long nEvents = task.get("n_events").asLong();
        AtomicLong nProcessed = new AtomicLong();
        AtomicBoolean hasBegun = new AtomicBoolean();
        Runnable onRecord = () -> {
            if (!hasBegun.getPlain() && hasBegun.compareAndSet(false, true)) {
                mark(marks, "first", "");
            }
            nProcessed.incrementAndGet();
        };
        try (KafkaStreams streams = new KafkaStreams(topology(task, output, onRecord), settings(task, application))) {
            streams.start();
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) task.get("kafka").asText()))) {
                while (nProcessed.get() < nEvents || committed(admin, application) < nEvents) {
                    Thread.sleep(50);
                }
            }
            mark(marks, "done", ",\"changelog\":\"" + application + "-cells-changelog\"");
        }
    }

    private static Topology topology(JsonNode task, String output, Runnable onRecord) {
        return new Topology()
                .addSource("in", new ByteArrayDeserializer(), new ByteArrayDeserializer(), task.get("topic").asText())
                .addProcessor("count", () -> new Count(task, onRecord), "in")
                .addStateStore(
                        Stores.keyValueStoreBuilder(
                                        Stores.persistentKeyValueStore("cells"), Serdes.String(), Serdes.Long())
                                .withCachingEnabled(),
                        "count")
                .addSink("out", output, new ByteArraySerializer(), new ByteArraySerializer(), "count");
    }

    private static Properties settings(JsonNode task, String application) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, task.get("kafka").asText());
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, task.get("options").get("state_dir").asText());
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        settings.put(StreamsConfig.consumerPrefix("max.poll.records"), 4000);
        settings.put(StreamsConfig.producerPrefix("batch.size"), 1_000_000);
        return settings;
    }

    private static long committed(Admin admin, String application) throws Exception {
        return admin.listConsumerGroupOffsets(application).partitionsToOffsetAndMetadata().get().values().stream()
                .mapToLong(offset -> offset == null ? 0 : offset.offset())
                .sum();
    }

    private static synchronized void mark(Path marks, String name, String more) {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        String line = String.format(
                "{\"mark\":\"%s\",\"cpu_s\":%s,\"at_s\":%s%s}%n",
                name, system.getProcessCpuTime() / 1e9, System.currentTimeMillis() / 1e3, more);
        try {
            Files.writeString(marks, line, StandardOpenOption.APPEND);
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    /** Decode, pseudonymize, count, publish. */
    private static final class Count implements Processor<byte[], byte[], byte[], byte[]> {
        private final ObjectReader reader = JSON.readerFor(Decision.class);
        private final ObjectWriter writer = JSON.writerFor(Decision.class);
        private final Runnable onRecord;
        private final String prefix;
        private final Mac application;
        private final Mac applicant;
        private ProcessorContext<byte[], byte[]> context;
        private KeyValueStore<String, Long> cells;

        Count(JsonNode task, Runnable onRecord) {
            this.onRecord = onRecord;
            prefix = "hm1." + task.get("kid").asText() + ".";
            application = mac(task.get("keys").get("application").asText());
            applicant = mac(task.get("keys").get("applicant").asText());
        }

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            this.context = context;
            cells = context.getStateStore("cells");
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            onRecord.run();
            try {
                Decision d = reader.readValue(record.value());
                long pane = Math.floorDiv(Instant.parse(d.ts).getEpochSecond(), PANE_S) * PANE_S;
                String cell = pane + "|" + d.approved + "|" + d.gender + "|" + d.race + "|" + d.age_band;
                Long n = cells.get(cell);
                cells.put(cell, n == null ? 1L : n + 1L);
                String key = pseudonym(application, d.application_id);
                Decision hidden = new Decision(
                        key,
                        pseudonym(applicant, d.applicant_id),
                        d.ts,
                        d.gender,
                        d.race,
                        d.age_band,
                        d.region,
                        d.product,
                        d.credit_score,
                        d.approved);
                byte[] value = writer.writeValueAsBytes(hidden);
                context.forward(record.withKey(key.getBytes(StandardCharsets.UTF_8)).withValue(value));
            } catch (IOException error) {
                throw new IllegalStateException("a record of the benchmark cannot be read", error);
            }
        }

        private String pseudonym(Mac mac, String identifier) {
            byte[] value = identifier.getBytes(StandardCharsets.UTF_8);
            mac.update(FRAME);
            mac.update(ByteBuffer.allocate(4).putInt(value.length).array());
            byte[] tag = Arrays.copyOf(mac.doFinal(value), 16);
            return prefix + Base64.getUrlEncoder().withoutPadding().encodeToString(tag);
        }

        private static Mac mac(String keyHex) {
            try {
                Mac mac = Mac.getInstance("HmacSHA256");
                mac.init(new SecretKeySpec(HexFormat.of().parseHex(keyHex), "HmacSHA256"));
                return mac;
            } catch (java.security.GeneralSecurityException error) {
                throw new IllegalStateException(error);
            }
        }
    }
}
