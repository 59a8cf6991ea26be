package cmdline

import (
	"reflect"
	"testing"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		line string
		want Config
	}{
		"nothing said gives the defaults": {
			"console=ttyS0 quiet",
			Config{"guest", 80, []Share{{"site", "/srv", false}}},
		},
		"a bare tag is mounted on /srv": {
			"torocloud.share=www torocloud.name=web-1 torocloud.port=8080",
			Config{"web-1", 8080, []Share{{"www", "/srv", false}}},
		},
		"shares repeat, in order": {
			"torocloud.share=a:/srv:ro  torocloud.share=b:/srv/up/:rw\n",
			Config{"guest", 80, []Share{{"a", "/srv", true}, {"b", "/srv/up", false}}},
		},
		"a read-only tag without a mount point": {
			"torocloud.share=a::ro",
			Config{"guest", 80, []Share{{"a", "/srv", true}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(test.line)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, word := range []string{
		"torocloud.port=0", "torocloud.port=http", "torocloud.port=4294967295", "torocloud.name=",
		"torocloud.share=", "torocloud.share=:/srv", "torocloud.share=a:srv", "torocloud.share=a:/",
		"torocloud.share=a:/../..", "torocloud.share=a:/srv:rx", "torocloud.shares=a",
	} {
		if got, err := Parse("quiet " + word); err == nil {
			t.Errorf("%s: no error, got %+v", word, got)
		}
	}
}
