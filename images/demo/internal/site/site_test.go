package site

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type guest struct {
	t       *testing.T
	folder  string
	handler http.Handler
}

func newGuest(t *testing.T) guest {
	t.Helper()
	folder := t.TempDir()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return guest{t, folder, Handler(root, "web-1")}
}

func (g guest) write(name, text string) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(g.folder, name), []byte(text), 0o644); err != nil {
		g.t.Fatal(err)
	}
}

func (g guest) get(path string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	for index := 0; index < len(headers); index += 2 {
		request.Header.Set(headers[index], headers[index+1])
	}
	recorder := httptest.NewRecorder()
	g.handler.ServeHTTP(recorder, request)
	return recorder
}

func TestServesFilesUnderTheGuestsName(t *testing.T) {
	g := newGuest(t)
	g.write("index.html", "hello")
	answer := g.get("/")
	if answer.Code != http.StatusOK || answer.Body.String() != "hello" {
		t.Errorf("got %d %q", answer.Code, answer.Body)
	}
	if name := answer.Header().Get("Torocloud-Guest"); name != "web-1" {
		t.Errorf("the guest is called %q", name)
	}
	if missing := g.get("/missing"); missing.Code != http.StatusNotFound || missing.Header().Get("Etag") != "" {
		t.Errorf("missing file: %d, %v", missing.Code, missing.Header())
	}
}

func TestChangesAreSeenAtOnce(t *testing.T) {
	g := newGuest(t)
	now := time.Now()
	g.write("page.txt", "first")
	tag := g.get("/page.txt").Header().Get("Etag")
	if tag == "" {
		t.Fatal("no entity tag")
	}
	if same := g.get("/page.txt", "If-None-Match", tag); same.Code != http.StatusNotModified {
		t.Errorf("an unchanged file gave %d", same.Code)
	}
	g.write("page.txt", "other")
	changed := now.Add(time.Millisecond) // within the second that Last-Modified can tell
	if err := os.Chtimes(filepath.Join(g.folder, "page.txt"), changed, changed); err != nil {
		t.Fatal(err)
	}
	if answer := g.get("/page.txt", "If-None-Match", tag); answer.Code != http.StatusOK || answer.Body.String() != "other" {
		t.Errorf("a changed file gave %d %q", answer.Code, answer.Body)
	}
}

func TestHealthFollowsTheShare(t *testing.T) {
	g := newGuest(t)
	if answer := g.get("/healthz"); answer.Code != http.StatusOK || strings.TrimSpace(answer.Body.String()) != "ok" {
		t.Errorf("got %d %q", answer.Code, answer.Body)
	}
	closed, err := os.OpenRoot(g.folder)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	g.handler = Handler(closed, "web-1")
	if answer := g.get("/healthz"); answer.Code != http.StatusServiceUnavailable {
		t.Errorf("without its share: %d", answer.Code)
	}
}

func TestLinksOutOfTheShareAreNotFollowed(t *testing.T) {
	g := newGuest(t)
	if err := os.Symlink("/etc/passwd", filepath.Join(g.folder, "link")); err != nil {
		t.Fatal(err)
	}
	if answer := g.get("/link"); answer.Code == http.StatusOK {
		t.Errorf("served %q", answer.Body)
	}
}
