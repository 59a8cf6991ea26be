module torocloud/images/demo

go 1.24.0

require (
	github.com/klauspost/compress v1.18.0
	github.com/mdlayher/vsock v1.2.1
	github.com/ulikunitz/xz v0.5.15
	golang.org/x/sys v0.38.0
)

require (
	github.com/mdlayher/socket v0.4.1 // indirect
	golang.org/x/net v0.9.0 // indirect
	golang.org/x/sync v0.1.0 // indirect
)
