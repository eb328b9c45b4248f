import com.fasterxml.jackson.databind.ObjectMapper;
import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.Option;
import com.jayway.jsonpath.PathNotFoundException;
import com.jayway.jsonpath.internal.Cache;
import com.jayway.jsonpath.internal.PathCompiler;
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
 * Reads one request a line, {"path": text, "document": any JSON}, and writes one answer a line:
 * {"definite", "compiled", "value", "paths"}, or {"definite", "compiled", "error": {"stage", "class", "message"}}.
 * An empty line asks for what was written so far. Run by hand:
 *
 *   J=/usr/share/java; CP=$J/json-path.jar:$J/jackson-databind.jar:$J/jackson-core.jar
 *   CP=$CP:$J/jackson-annotations.jar:$J/json-smart.jar:$J/slf4j-api.jar
 *   echo '{"path":"$.a","document":{"a":1}}' | java -cp $CP tests/jayway/Oracle.java
 */
public final class Oracle {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonProvider JACKSON = new JacksonJsonProvider();
    private static final MappingProvider MAPPING = new JsonSmartMappingProvider();
    private static final Configuration VALUES;
    private static final Configuration PATHS;

    static {
        // Jayway asks for its defaults at every `[?(@.a)]`, and those it comes with make a slow mapper each time.
        Configuration.setDefaults(new Configuration.Defaults() {
            public JsonProvider jsonProvider() {
                return JACKSON;
            }

            public MappingProvider mappingProvider() {
                return MAPPING;
            }

            public Set<Option> options() {
                return Set.of();
            }
        });
        VALUES = Configuration.builder().build();
        PATHS = Configuration.builder().options(Option.AS_PATH_LIST).build();
    }

    public static void main(String[] arguments) throws Exception {
        Collection<?> cachedKeys = cachedKeys();
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), 1 << 16);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (!line.isEmpty()) {
                Map<?, ?> request = JSON.readValue(line, Map.class);
                out.write(JSON.writeValueAsString(answer((String) request.get("path"), request.get("document"))));
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

    private static Map<String, Object> answer(String path, Object document) {
        var answer = new LinkedHashMap<String, Object>();
        String stage = "compile";
        try {
            JsonPath compiled = JsonPath.compile(path);
            answer.put("definite", compiled.isDefinite());
            answer.put("compiled", compiled.getPath());
            stage = "evaluate";
            Object value = compiled.read(document, VALUES);
            answer.put("paths", paths(compiled, document));
            answer.put("value", value);
        } catch (Exception | StackOverflowError error) {
            var described = new LinkedHashMap<String, Object>();
            described.put("stage", stage);
            described.put("class", error.getClass().getSimpleName());
            described.put("message", error.getMessage());
            answer.put("error", described);
        }
        return answer;
    }

    private static Object paths(JsonPath compiled, Object document) {
        try {
            return compiled.read(document, PATHS);
        } catch (PathNotFoundException none) {
            return List.of();
        }
    }
}
