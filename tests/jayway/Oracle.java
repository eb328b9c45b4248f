import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.Option;
import com.jayway.jsonpath.PathNotFoundException;
import com.jayway.jsonpath.internal.Cache;
import com.jayway.jsonpath.internal.PathCompiler;
import com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider;
import com.jayway.jsonpath.spi.json.JacksonJsonProvider;
import com.jayway.jsonpath.spi.json.JsonProvider;
import com.jayway.jsonpath.spi.mapper.JsonSmartMappingProvider;
import com.jayway.jsonpath.spi.mapper.MappingProvider;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Answers what Jayway JsonPath gives for a path and a document.
 *
 * Reads one request a line, {"path": text, "document": any JSON}, and writes one answer a line, with what Jayway gives
 * for each of Jackson's providers: {"JsonNode": answer, "Jackson": answer}. An answer is
 * {"definite", "compiled", "value", "paths"}, or {"definite", "compiled", "error": {"stage", "class", "message"}}.
 * An empty line asks for what was written so far. Run by hand:
 *
 *   J=/usr/share/java; CP=$J/json-path.jar:$J/jackson-databind.jar:$J/jackson-core.jar
 *   CP=$CP:$J/jackson-annotations.jar:$J/json-smart.jar:$J/slf4j-api.jar
 *   echo '{"path":"$.a","document":{"a":1}}' | java -cp $CP tests/jayway/Oracle.java
 */
public final class Oracle {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final MappingProvider MAPPING = new JsonSmartMappingProvider();
    private static final Oracle NODES = new Oracle(new JacksonJsonNodeJsonProvider());
    private static final Oracle COLLECTIONS = new Oracle(new JacksonJsonProvider());

    private final Configuration values;
    private final Configuration paths;

    static {
        // Jayway asks for its defaults at every `[?(@.a)]`, and those it comes with make a slow mapper each time.
        Configuration.setDefaults(new Configuration.Defaults() {
            public JsonProvider jsonProvider() {
                return COLLECTIONS.values.jsonProvider();
            }

            public MappingProvider mappingProvider() {
                return MAPPING;
            }

            public Set<Option> options() {
                return Set.of();
            }
        });
    }

    private Oracle(JsonProvider provider) {
        values = Configuration.builder().jsonProvider(provider).mappingProvider(MAPPING).options(Set.of()).build();
        paths = values.addOptions(Option.AS_PATH_LIST);
    }

    public static void main(String[] arguments) throws Exception {
        Collection<?> cachedKeys = cachedKeys();
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), 1 << 16);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (!line.isEmpty()) {
                JsonNode request = JSON.readTree(line);
                String path = request.get("path").asText();
                JsonNode document = request.get("document");
                var answers = new LinkedHashMap<String, Object>();
                answers.put("JsonNode", NODES.answer(path, document));
                answers.put("Jackson", COLLECTIONS.answer(path, JSON.treeToValue(document, Object.class)));
                out.write(JSON.writeValueAsString(answers));
                out.write('\n');
                cachedKeys.clear();
            } else {
                out.flush();
            }
        }
        out.flush();
    }

    /** Jayway's list of cached paths grows with every path that is not cached, and is searched from the start each time. */
    private static Collection<?> cachedKeys() throws ReflectiveOperationException {
        Field cache = PathCompiler.class.getDeclaredField("cache");
        cache.setAccessible(true);
        Field queue = Cache.class.getDeclaredField("queue");
        queue.setAccessible(true);
        return (Collection<?>) queue.get(cache.get(null));
    }

    private Map<String, Object> answer(String path, Object document) {
        var answer = new LinkedHashMap<String, Object>();
        String stage = "compile";
        try {
            JsonPath compiled = JsonPath.compile(path);
            answer.put("definite", compiled.isDefinite());
            answer.put("compiled", compiled.getPath());
            stage = "evaluate";
            Object value = compiled.read(document, values);
            answer.put("paths", paths(compiled, document));
            answer.put("value", value);
        } catch (Exception | StackOverflowError | OutOfMemoryError error) {
            var described = new LinkedHashMap<String, Object>();
            described.put("stage", stage);
            described.put("class", error.getClass().getSimpleName());
            described.put("message", error.getMessage());
            answer.put("error", described);
        }
        return answer;
    }

    private Object paths(JsonPath compiled, Object document) {
        try {
            return compiled.read(document, paths);
        } catch (PathNotFoundException none) {
            return List.of();
        }
    }
}
