#!/usr/bin/env bash
# JsonPath (Jayway) 2.0.0, one path and one document, two of its own JSON providers:
#   JacksonJsonProvider      $.items[0] of an empty list  ->  PathNotFoundException
#   JacksonJsonNodeJsonProvider, same call                ->  null, no exception
# A member below the missing item ($.items[0].id) raises an exception with both.
#
# Seen with Debian's packages libjsonpath-java 2.0.0-5, libjackson2-{core,databind,annotations}-java 2.14, libjson-smart-java 2.2.
# The script installs nothing: it unpacks the packages into a temporary folder. It fails when the behaviour is another one.
# Needs a JDK and apt.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -qq -o APT::Sandbox::User=root download libjsonpath-java=2.0.0-5 libjackson2-core-java libjackson2-databind-java libjackson2-annotations-java \
    libjson-smart-java libslf4j-java
for package in ./*.deb; do dpkg-deb -x "$package" unpacked; done
classpath="$folder:$(find unpacked/usr/share/java -name '*.jar' -printf '%p:')"

cat >Beyond.java <<'JAVA'
import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.JsonPathException;
import com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider;
import com.jayway.jsonpath.spi.json.JacksonJsonProvider;
import com.jayway.jsonpath.spi.json.JsonProvider;

public class Beyond {
    static String read(JsonProvider provider, String path) {
        Configuration configuration = Configuration.builder().jsonProvider(provider).build();
        try {
            return String.valueOf((Object) JsonPath.using(configuration).parse("{\"items\": []}").read(path));
        } catch (JsonPathException error) {
            return error.getClass().getSimpleName();
        }
    }

    public static void main(String[] arguments) {
        for (String path : new String[] {"$.items[0]", "$.items[0].id"}) {
            System.out.println(path + " map=" + read(new JacksonJsonProvider(), path)
                + " node=" + read(new JacksonJsonNodeJsonProvider(), path));
        }
    }
}
JAVA
javac -proc:none -cp "$classpath" Beyond.java
seen="$(java -cp "$classpath" Beyond 2>/dev/null)"
echo "$seen"

diff <(echo "$seen") - <<'EXPECTED'
$.items[0] map=PathNotFoundException node=null
$.items[0].id map=PathNotFoundException node=PathNotFoundException
EXPECTED
echo 'json-path 2.0.0: as described'
