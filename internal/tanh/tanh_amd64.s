#include "textflag.h"

// Constants, four times each.
#define ABS table<>+0(SB)
#define MOST table<>+32(SB)
#define LOG2E table<>+64(SB)
#define SHIFT table<>+96(SB)
#define BIAS table<>+128(SB)
#define HIGH table<>+160(SB)
#define LOW table<>+192(SB)
#define ONE table<>+224(SB)
#define TWO table<>+256(SB)
#define C2 table<>+288(SB)
#define C3 table<>+320(SB)
#define C4 table<>+352(SB)
#define C5 table<>+384(SB)
#define C6 table<>+416(SB)
#define C7 table<>+448(SB)
#define C8 table<>+480(SB)
#define C9 table<>+512(SB)
#define C10 table<>+544(SB)
#define C11 table<>+576(SB)
#define C12 table<>+608(SB)
#define C13 table<>+640(SB)

DATA table<>+0(SB)/8, $0x7fffffffffffffff
DATA table<>+8(SB)/8, $0x7fffffffffffffff
DATA table<>+16(SB)/8, $0x7fffffffffffffff
DATA table<>+24(SB)/8, $0x7fffffffffffffff
DATA table<>+32(SB)/8, $0x4044000000000000
DATA table<>+40(SB)/8, $0x4044000000000000
DATA table<>+48(SB)/8, $0x4044000000000000
DATA table<>+56(SB)/8, $0x4044000000000000
DATA table<>+64(SB)/8, $0x3ff71547652b82fe
DATA table<>+72(SB)/8, $0x3ff71547652b82fe
DATA table<>+80(SB)/8, $0x3ff71547652b82fe
DATA table<>+88(SB)/8, $0x3ff71547652b82fe
DATA table<>+96(SB)/8, $0x4338000000000000
DATA table<>+104(SB)/8, $0x4338000000000000
DATA table<>+112(SB)/8, $0x4338000000000000
DATA table<>+120(SB)/8, $0x4338000000000000
DATA table<>+128(SB)/8, $0x3ff0000000000000
DATA table<>+136(SB)/8, $0x3ff0000000000000
DATA table<>+144(SB)/8, $0x3ff0000000000000
DATA table<>+152(SB)/8, $0x3ff0000000000000
DATA table<>+160(SB)/8, $0x3fe62e42fee00000
DATA table<>+168(SB)/8, $0x3fe62e42fee00000
DATA table<>+176(SB)/8, $0x3fe62e42fee00000
DATA table<>+184(SB)/8, $0x3fe62e42fee00000
DATA table<>+192(SB)/8, $0x3dea39ef35793c76
DATA table<>+200(SB)/8, $0x3dea39ef35793c76
DATA table<>+208(SB)/8, $0x3dea39ef35793c76
DATA table<>+216(SB)/8, $0x3dea39ef35793c76
DATA table<>+224(SB)/8, $0x3ff0000000000000
DATA table<>+232(SB)/8, $0x3ff0000000000000
DATA table<>+240(SB)/8, $0x3ff0000000000000
DATA table<>+248(SB)/8, $0x3ff0000000000000
DATA table<>+256(SB)/8, $0x4000000000000000
DATA table<>+264(SB)/8, $0x4000000000000000
DATA table<>+272(SB)/8, $0x4000000000000000
DATA table<>+280(SB)/8, $0x4000000000000000
DATA table<>+288(SB)/8, $0x3fe0000000000000
DATA table<>+296(SB)/8, $0x3fe0000000000000
DATA table<>+304(SB)/8, $0x3fe0000000000000
DATA table<>+312(SB)/8, $0x3fe0000000000000
DATA table<>+320(SB)/8, $0x3fc5555555555555
DATA table<>+328(SB)/8, $0x3fc5555555555555
DATA table<>+336(SB)/8, $0x3fc5555555555555
DATA table<>+344(SB)/8, $0x3fc5555555555555
DATA table<>+352(SB)/8, $0x3fa5555555555555
DATA table<>+360(SB)/8, $0x3fa5555555555555
DATA table<>+368(SB)/8, $0x3fa5555555555555
DATA table<>+376(SB)/8, $0x3fa5555555555555
DATA table<>+384(SB)/8, $0x3f81111111111111
DATA table<>+392(SB)/8, $0x3f81111111111111
DATA table<>+400(SB)/8, $0x3f81111111111111
DATA table<>+408(SB)/8, $0x3f81111111111111
DATA table<>+416(SB)/8, $0x3f56c16c16c16c17
DATA table<>+424(SB)/8, $0x3f56c16c16c16c17
DATA table<>+432(SB)/8, $0x3f56c16c16c16c17
DATA table<>+440(SB)/8, $0x3f56c16c16c16c17
DATA table<>+448(SB)/8, $0x3f2a01a01a01a01a
DATA table<>+456(SB)/8, $0x3f2a01a01a01a01a
DATA table<>+464(SB)/8, $0x3f2a01a01a01a01a
DATA table<>+472(SB)/8, $0x3f2a01a01a01a01a
DATA table<>+480(SB)/8, $0x3efa01a01a01a01a
DATA table<>+488(SB)/8, $0x3efa01a01a01a01a
DATA table<>+496(SB)/8, $0x3efa01a01a01a01a
DATA table<>+504(SB)/8, $0x3efa01a01a01a01a
DATA table<>+512(SB)/8, $0x3ec71de3a556c734
DATA table<>+520(SB)/8, $0x3ec71de3a556c734
DATA table<>+528(SB)/8, $0x3ec71de3a556c734
DATA table<>+536(SB)/8, $0x3ec71de3a556c734
DATA table<>+544(SB)/8, $0x3e927e4fb7789f5c
DATA table<>+552(SB)/8, $0x3e927e4fb7789f5c
DATA table<>+560(SB)/8, $0x3e927e4fb7789f5c
DATA table<>+568(SB)/8, $0x3e927e4fb7789f5c
DATA table<>+576(SB)/8, $0x3e5ae64567f544e4
DATA table<>+584(SB)/8, $0x3e5ae64567f544e4
DATA table<>+592(SB)/8, $0x3e5ae64567f544e4
DATA table<>+600(SB)/8, $0x3e5ae64567f544e4
DATA table<>+608(SB)/8, $0x3e21eed8eff8d898
DATA table<>+616(SB)/8, $0x3e21eed8eff8d898
DATA table<>+624(SB)/8, $0x3e21eed8eff8d898
DATA table<>+632(SB)/8, $0x3e21eed8eff8d898
DATA table<>+640(SB)/8, $0x3de6124613a86d09
DATA table<>+648(SB)/8, $0x3de6124613a86d09
DATA table<>+656(SB)/8, $0x3de6124613a86d09
DATA table<>+664(SB)/8, $0x3de6124613a86d09
GLOBL table<>(SB), RODATA|NOPTR, $672

// func evalAVX2(h, d, s *float64, n int)
//
// The operations of one, in its order: the bits are the same.
TEXT ·evalAVX2(SB), NOSPLIT, $0-32
	MOVQ h+0(FP), DI
	MOVQ d+8(FP), DX
	MOVQ s+16(FP), SI
	MOVQ n+24(FP), CX
	VMOVUPD ABS, Y15
	VMOVUPD MOST, Y14
	VMOVUPD SHIFT, Y13
	VMOVUPD ONE, Y12
	XORQ AX, AX

four:
	VMOVUPD (SI)(AX*8), Y0    // x
	VANDPD Y15, Y0, Y1
	VADDPD Y1, Y1, Y1
	VMINPD Y1, Y14, Y1        // y; not a number stays
	VANDNPD Y0, Y15, Y0       // the sign
	VMULPD LOG2E, Y1, Y2
	VADDPD Y13, Y2, Y2        // z
	VSUBPD Y13, Y2, Y3        // k
	VPSLLQ $52, Y2, Y2
	VPADDQ BIAS, Y2, Y2       // 2ᵏ
	VMULPD HIGH, Y3, Y4
	VSUBPD Y4, Y1, Y1
	VMULPD LOW, Y3, Y4
	VSUBPD Y4, Y1, Y1         // r
	VMULPD Y1, Y1, Y5         // r²
	VMULPD Y5, Y5, Y6         // r⁴
	VMULPD Y6, Y6, Y7         // r⁸
	VMULPD C3, Y1, Y8
	VADDPD C2, Y8, Y8         // a
	VMULPD C5, Y1, Y9
	VADDPD C4, Y9, Y9
	VMULPD C7, Y1, Y10
	VADDPD C6, Y10, Y10       // c
	VMULPD C9, Y1, Y11
	VADDPD C8, Y11, Y11
	VMULPD Y5, Y9, Y9
	VADDPD Y9, Y8, Y8
	VMULPD Y5, Y11, Y11
	VADDPD Y11, Y10, Y10
	VMULPD C11, Y1, Y9
	VADDPD C10, Y9, Y9        // f
	VMULPD C13, Y1, Y11
	VADDPD C12, Y11, Y11
	VMULPD Y5, Y11, Y11
	VADDPD Y11, Y9, Y9
	VMULPD Y6, Y10, Y10
	VADDPD Y10, Y8, Y8
	VMULPD Y7, Y9, Y9
	VADDPD Y9, Y8, Y8
	VMULPD Y5, Y8, Y8
	VADDPD Y8, Y1, Y1         // p
	VSUBPD Y12, Y2, Y3
	VMULPD Y2, Y1, Y1
	VADDPD Y1, Y3, Y1         // e
	VADDPD TWO, Y1, Y3
	VDIVPD Y3, Y1, Y1         // tanh |x|
	VSUBPD Y1, Y12, Y3
	VADDPD Y1, Y12, Y4
	VMULPD Y4, Y3, Y3
	VORPD Y0, Y1, Y1
	VMOVUPD Y1, (DI)(AX*8)
	VMOVUPD Y3, (DX)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT four
	VZEROUPPER
	RET
