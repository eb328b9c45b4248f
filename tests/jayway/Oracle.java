import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.JsonNode;
import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.Option;
import com.jayway.jsonpath.PathNotFoundException;
import com.jayway.jsonpath.spi.json.JacksonJsonProvider;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.util.List;
import java.util.Map;
import java.util.LinkedHashMap;
import java.nio.charset.StandardCharsets;

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
    private static final Configuration VALUES =
            Configuration.builder().jsonProvider(new JacksonJsonProvider()).build();
    private static final Configuration PATHS =
            Configuration.builder().jsonProvider(new JacksonJsonProvider()).options(Option.AS_PATH_LIST).build();

    public static void main(String[] arguments) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), 1 << 16);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (!line.isEmpty()) {
                Map<?, ?> request = JSON.readValue(line, Map.class);
                out.write(JSON.writeValueAsString(answer((String) request.get("path"), request.get("document"))));
                out.write('\n');
            } else {
                out.flush();
            }
        }
        out.flush();
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
