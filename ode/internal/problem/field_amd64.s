#include "textflag.h"

// func heatAVX2(dst, u *float64, n int)
TEXT ·heatAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ u+8(FP), SI
	MOVQ n+16(FP), R12
	XORQ AX, AX

heat:
	VMOVUPD (SI)(AX*8), Y0
	VADDPD Y0, Y0, Y0
	VMOVUPD -8(SI)(AX*8), Y1
	VSUBPD Y0, Y1, Y1
	VADDPD 8(SI)(AX*8), Y1, Y1
	VMOVUPD Y1, (DI)(AX*8)
	ADDQ $4, AX
	CMPQ AX, R12
	JLT heat
	VZEROUPPER
	RET

// func oscillateAVX2(dst, y *float64, n int)
TEXT ·oscillateAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ n+16(FP), R12
	VPCMPEQQ Y1, Y1, Y1
	VPSLLQ $63, Y1, Y1        // the sign
	VXORPD Y2, Y2, Y2
	VUNPCKLPD Y1, Y2, Y1      // of the second of each pair
	XORQ AX, AX

oscillate:
	VPERMILPD $5, (SI)(AX*8), Y0
	VXORPD Y1, Y0, Y0
	VMOVUPD Y0, (DI)(AX*8)
	ADDQ $4, AX
	CMPQ AX, R12
	JLT oscillate
	VZEROUPPER
	RET
