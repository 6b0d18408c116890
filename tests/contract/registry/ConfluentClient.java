// Confluent's own Java client of a Schema Registry, as Apache Flink carries it (flink-sql-avro-confluent-registry), with
// Apache Avro: reads records the way KafkaAvroDeserializer does. Arguments: address, then records in hexadecimal digits.
// Prints each record as JSON, a line each, and then what the registry says of a subject.

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.avro.AvroSchema;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumWriter;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.avro.shaded.org.apache.avro.io.DecoderFactory;
import org.apache.flink.avro.shaded.org.apache.avro.io.EncoderFactory;
import org.apache.flink.avro.shaded.org.apache.avro.io.JsonEncoder;

public class ConfluentClient {
  private static final String SUBJECT = "muniment.jobs-muniment.StepProgressed";

  public static void main(String[] arguments) throws Exception {
    var client = new CachedSchemaRegistryClient(List.of(arguments[0]), 1000, Map.of());
    for (int i = 1; i < arguments.length; i++) {
      System.out.println(decoded(client, HexFormat.of().parseHex(arguments[i])));
    }
    var latest = client.getLatestSchemaMetadata(SUBJECT);
    var schema = new AvroSchema(latest.getSchema());
    var other = new AvroSchema(latest.getSchema().replace("\"unit\"", "\"units\""));
    System.out.println(latest.getId() + " " + client.getId(SUBJECT, schema) + " " + client.register(SUBJECT, schema)
        + " " + client.getVersion(SUBJECT, schema) + " " + client.getCompatibility(SUBJECT)
        + " " + client.testCompatibility(SUBJECT, schema) + " " + client.testCompatibility(SUBJECT, other));
    try {
      client.getSchemaById(99_999);
    } catch (RestClientException error) {
      System.out.println(error.getStatus() + " " + error.getErrorCode());
    }
  }

  private static String decoded(CachedSchemaRegistryClient client, byte[] value) throws Exception {
    var buffer = ByteBuffer.wrap(value);
    if (buffer.get() != 0) {
      throw new IllegalArgumentException("no Confluent framing");
    }
    // By subject and id, as KafkaAvroDeserializer asks with its default naming strategy.
    Schema schema = ((AvroSchema) client.getSchemaBySubjectAndId("any.topic-value", buffer.getInt())).rawSchema();
    var binary = DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null);
    GenericRecord record = new GenericDatumReader<GenericRecord>(schema).read(null, binary);
    var out = new ByteArrayOutputStream();
    JsonEncoder json = EncoderFactory.get().jsonEncoder(schema, out);
    new GenericDatumWriter<GenericRecord>(schema).write(record, json);
    json.flush();
    return schema.getName() + " " + out.toString("UTF-8").replace("\n", " ");
  }
}
