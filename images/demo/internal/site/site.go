// Package site serves a folder over HTTP, as it is at this moment.
package site

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
)

// Handler serves the files of root, and /healthz, which answers 200 "ok" while root can be read; every answer names the guest.
func Handler(root *os.Root, guest string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if err := refresh(root, "."); err != nil {
			http.Error(w, "the share cannot be read: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.FileServerFS(liveFS{root, w.Header()}).ServeHTTP(w, r)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Torocloud-Guest", guest)
		mux.ServeHTTP(w, r)
	})
}

// liveFS opens files for one answer, with their newest attributes, and notes their entity tag in the answer's header.
type liveFS struct {
	root   *os.Root
	header http.Header
}

// Open implements fs.FS.
func (l liveFS) Open(name string) (fs.File, error) {
	file, err := l.root.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := refreshed(file)
	if err != nil {
		file.Close()
		return nil, err
	}
	if info.Mode().IsRegular() {
		l.header.Set("Etag", fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), info.Size()))
	}
	return file, nil
}

func refresh(root *os.Root, name string) error {
	file, err := root.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = refreshed(file)
	return err
}

// refreshed asks the file system's host, not the guest's cache, for a file's size and times.
func refreshed(file *os.File) (fs.FileInfo, error) {
	if err := forceSync(file); err != nil {
		return nil, &fs.PathError{Op: "statx", Path: file.Name(), Err: err}
	}
	return file.Stat()
}
